"""Signs commands as an upstream IAM would: joserfc, which shares nothing with the product."""

import base64
import dataclasses
import hashlib
import json
import time

from client import Command
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

ISSUER = "https://iam.example.org"
KINDS = {"EdDSA": (OKPKey, "Ed25519"), "ES256": (ECKey, "P-256"), "RS256": (RSAKey, 2048)}


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def compact(header: dict | str, claims: dict | str, signature: bytes = b"") -> str:
    """A token of any header and claims, with any signature."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    return ".".join([*(base64url(part.encode()) for part in parts), base64url(signature)])


def digest(data: bytes) -> str:
    return base64url(hashlib.sha256(data).digest())


class Signer:
    """A key, and the tokens that it signs."""

    def __init__(self, algorithm: str, kid: str | None = None):
        kind, parameter = KINDS[algorithm]
        self.algorithm = algorithm
        self.kid = kid or algorithm.lower()
        self.key = kind.generate_key(parameter, parameters={"kid": self.kid})

    @property
    def public(self) -> dict:
        return self.key.as_dict(private=False)

    def claims(self, command: Command, *, sub: str = "operator-1", scope: str | None = None, **changes) -> dict:
        """The claims of the contract for a command; a change to None leaves one out."""
        claims = {
            "iss": ISSUER, "aud": "usertokens", "sub": sub, "tenant": command.key.split("/")[0],
            "scope": command.type if scope is None else scope, "exp": int(time.time()) + 120,
            "cid": command.id, "dig": digest(signed_data(command)), **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, claims: dict, **header) -> str:
        members = {"alg": self.algorithm, "kid": self.kid, **header}
        members = {name: value for name, value in members.items() if value is not None}
        return jwt.encode(members, claims, self.key, algorithms=[self.algorithm])

    def sign(self, command: Command, header: dict | None = None, **changes) -> Command:
        return bearing(command, self.token(self.claims(command, **changes), **(header or {})))


def signed_data(command: Command) -> bytes:
    """What `dig` is of; these tests' data are such that sorted members make the canonical form."""
    if ("content-type", b"application/cloudevents+json") not in command.headers:
        return command.value
    return json.dumps(command.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def bearing(command: Command, token: str) -> Command:
    """The command with a token, whatever it is, in the place of any before."""
    headers = [(name, value) for name, value in command.headers if name != "authorization"]
    return dataclasses.replace(command, headers=[*headers, ("authorization", f"Bearer {token}".encode())])
