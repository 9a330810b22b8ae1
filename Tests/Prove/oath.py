"""HOTP and TOTP by RFC 4226 and 6238, with the standard library; the system tests compare the system with oathtool."""

import base64
import hashlib
import hmac
import random
import struct
from functools import lru_cache

PERIOD = 30
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@lru_cache(maxsize=100_000)
def value(secret: str, factor: int, digits: int = 6) -> str:
    mac = hmac.new(base64.b32decode(secret), struct.pack(">q", factor), hashlib.sha1).digest()
    place = mac[-1] & 15
    return str((struct.unpack(">I", mac[place : place + 4])[0] & 0x7FFFFFFF) % 10**digits).zfill(digits)


def step_at(seconds: float) -> int:
    return int(seconds // PERIOD)


def new_secret(draw: random.Random) -> str:
    return "".join(draw.choices(ALPHABET, k=32))
