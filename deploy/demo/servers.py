"""What User Tokens needs around it: PostgreSQL, a Kafka broker, and somebody who takes mail and SMS.

Private ones are started on free ports; `POSTGRES_URL` and `KAFKA_BOOTSTRAP_SERVERS` put servers of one's own in their
place. There a database and topics of a new name are made, and removed at the end.
"""

import glob
import json
import os
import secrets
import socket
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from processes import Child, Failure, free_port, run, wait_until

ROOT = Path(__file__).resolve().parents[2]


def postgres_program(name: str) -> str:
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


class Database:
    """A PostgreSQL database."""

    def __init__(self, directory: Path, durable: bool):
        self.directory = directory / "postgres"
        self.log = directory / "postgres.log"
        self.mode = "--durable" if durable else "--fast"
        self.server: Child | None = None
        self.environment: dict[str, str] | None = None
        """Of the private server; None: ours."""
        self.name = f"user_tokens_{secrets.token_hex(4)}"
        given = os.environ.get("POSTGRES_URL")
        self.is_private = not given
        if given:
            self.maintenance_url = given
            self._maintain(f"create database {self.name}")
            self.url = self._with_database(given, self.name)
        else:
            self.start()

    def start(self) -> None:
        """Starts the private server, on the data that are there."""
        command = [str(ROOT / "deploy/postgres/run"), "--dir", str(self.directory), self.mode]
        # Hundreds of advisory locks for each of a few batches; the default of connections serves tests in parallel.
        self.server = Child("PostgreSQL", [*command, "--", "-c", "max_locks_per_transaction=256"], self.log, self.environment)
        self.url = self.server.first_line(60)

    def stop(self) -> None:
        """Stops the private server at once, without a checkpoint, as a power cut would."""
        if self.server:
            self.server.stop()

    def query(self, sql: str) -> list[list[str]]:
        """Rows as text."""
        out = run([postgres_program("psql"), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", sql])
        return [line.split("\t") for line in out.splitlines()]

    def close(self) -> None:
        if self.is_private:
            self.stop()
        else:
            self._maintain(f"drop database if exists {self.name} with (force)")

    def _maintain(self, sql: str) -> None:
        run([postgres_program("psql"), "-Xq", "-v", "ON_ERROR_STOP=1", "-d", self.maintenance_url, "-c", sql])

    @staticmethod
    def _with_database(url: str, name: str) -> str:
        if "://" not in url:
            return f"{url} dbname={name}"
        return urllib.parse.urlsplit(url)._replace(path=f"/{name}").geturl()


class Broker:
    """A Kafka broker."""

    # Properties that the embedded broker wants of its clients; Apache Kafka does well with the defaults.
    EMBEDDED = {
        "session.timeout.ms": "6000",
        "heartbeat.interval.ms": "1000",
        "partition.assignment.strategy": "range,roundrobin",
        "reconnect.backoff.max.ms": "500",
    }

    def __init__(self, directory: Path, faults: bool):
        self.log = directory / "broker.log"
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        self.is_embedded = not given
        self.server: Child | None = None
        self.control: int | None = None
        if given:
            self.servers = given
            self.properties = {
                name.removeprefix("KAFKA_PROPERTY_").lower().replace("_", "."): value
                for name, value in os.environ.items()
                if name.startswith("KAFKA_PROPERTY_")
            }
        else:
            port = free_port()
            self.servers = f"127.0.0.1:{port}"
            self.properties = dict(self.EMBEDDED)
            self.command = [str(ROOT / "deploy/broker/run"), "--port", str(port)]
            if faults:
                self.control = free_port()
                self.command += ["--control", str(self.control)]
            self.start()

    def start(self) -> None:
        """Starts the embedded broker, which is an empty one."""
        self.server = Child("the broker", self.command, self.log)
        self.server.first_line(180)

    def stop(self) -> None:
        """Stops the embedded broker, with all that it keeps."""
        if self.server:
            self.server.stop()

    @property
    def settings(self) -> dict[str, str]:
        """As the executables of User Tokens take them."""
        own = {f"KAFKA_PROPERTY_{name.upper().replace('.', '_')}": value for name, value in self.properties.items()}
        return {"KAFKA_BOOTSTRAP_SERVERS": self.servers, **own}

    @property
    def client_properties(self) -> dict[str, str]:
        """As librdkafka takes them; without those of consumers only."""
        consumers = ("session.", "heartbeat.", "fetch.", "partition.assignment")
        kept = {name: value for name, value in self.properties.items() if not name.startswith(consumers)}
        return {"bootstrap.servers": self.servers, **kept}

    def tell(self, command: str) -> None:
        """Orders a fault from the relay in front of the embedded broker."""
        if self.control is None:
            raise Failure("this broker makes no faults")
        with socket.create_connection(("127.0.0.1", self.control)) as control:
            control.sendall(command.encode() + b"\n")
            answer = control.makefile().readline().strip()
        if answer != "ok":
            raise Failure(f"relay: {answer}")

    def delete_topics(self, prefix: str) -> None:
        admin = AdminClient(self.client_properties)
        names = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
        for future in admin.delete_topics(names).values() if names else ():
            try:
                future.result(timeout=30)
            except KafkaException as error:
                print(f"a topic is left behind: {error}", file=sys.stderr)

    def close(self) -> None:
        self.stop()


class Receiver:
    """Takes mail by SMTP and SMS by HTTP or SMPP, and delivers nothing."""

    def __init__(self, directory: Path):
        script = str(ROOT / "deploy/receiver/receiver.py")
        self.server = Child("the receiver", [sys.executable, script], directory / "receiver.log")
        ports = json.loads(self.server.first_line(20))
        self.receipt_token = secrets.token_hex(16)
        self.token_file = directory / f"receipts-{self.server.pid}"
        self.token_file.write_text(self.receipt_token + "\n")
        self.token_file.chmod(0o600)
        self.smtp, self.http, self.smpp = ports["smtp"], ports["http"], ports["smpp"]

    def messages(self, to: str | None = None) -> list[dict]:
        """The messages so far, to one address or to all."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/messages", timeout=10) as answer:
            messages = json.load(answer)
        return messages if to is None else [message for message in messages if self._is_to(message, to)]

    def wait_for(self, to: str, count: int = 1, timeout: float = 20) -> dict:
        """The message number `count` to an address."""
        what = f"message {count} to {to}"
        return wait_until(lambda: self.messages(to)[count - 1 : count], timeout, what)[0]

    def call_back(self, admin_port: int, provider: str, status: str = "delivered", token: str | None = None) -> None:
        """From now on it is told to a notifier's admin port what became of each SMS that came by HTTP."""
        url = f"http://127.0.0.1:{admin_port}/receipts/{provider}"
        headers = {"authorization": f"Bearer {token or self.receipt_token}"}
        self.misbehave(callback={"url": url, "headers": headers, "status": status})

    def counts(self) -> dict[str, int]:
        """How often each notification was taken; a mail names it in its Message-ID."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/counts", timeout=10) as answer:
            return {id.strip("<>").split("@")[0]: count for id, count in json.load(answer).items()}

    def state(self) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/state", timeout=10) as answer:
            return json.load(answer)

    def misbehave(self, **faults) -> None:
        """See the receiver's own text: `smtp=`, `http=`, `smpp=`, `times=`; None ends a fault."""
        body = json.dumps(faults).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.http}/faults", data=body, timeout=10).close()

    def configuration(self) -> str:
        """The notifier's configuration for these ports."""
        body = '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}'
        return f"""channels:
  email:
    - name: mailbox
      smtp: {{url: "smtp://127.0.0.1:{self.smtp}", startTLS: none, from: "User Tokens <no-reply@example.org>"}}
  sms:
    - name: gateway
      http:
        url: "http://127.0.0.1:{self.http}/sms"
        method: POST
        contentType: application/json
        body: '{body}'
        idPointer: /id
        receipts: {{tokenFile: {self.token_file}}}
"""

    def close(self) -> None:
        self.server.stop()

    @staticmethod
    def _is_to(message: dict, to: str) -> bool:
        return to == message["to"] or to in message.get("recipients", ())
