"""A mail relay, SMS gateway and SMSC for trying things out and for tests: takes messages, delivers nothing.

Each message becomes one JSON line in the log: channel, to, subject, text, id, receivedAt and a few more. When all ports
are open, one JSON line with them goes to standard output. On the HTTP port:

  POST /faults    {"smtp": FAULT, "http": FAULT, "smpp": FAULT, "times": N}: misbehave (for N messages; without
                  `times` until changed); null puts an end to it. {"receipts": "DELIVRD" (at first), "UNDELIV", … or
                  "none"}: what SMPP receipts say; with "-text" at its end they say it without TLVs.
                  {"callback": {"url": URL, "headers": {…}, "status": "delivered"}}: what became of an SMS that came
                  by HTTP is told there, as JSON with "id" and "status", until the answer is 2xx or 4xx.
                  {"random": {"seed": N, "share": 0.2, "smtp": [FAULT, …], "http": […], "smpp": […]}}: one of these
                  faults for that share of the messages; null puts an end to it
                  {"answer": {"status": 200, "type": TYPE, "body": TEXT}}: what an SMS by HTTP is answered; null: JSON
                  with its id
  GET  /messages  all messages so far; ?since=N leaves out the first N
  GET  /counts    how often each id of a message was taken
  GET  /dialogue  what mail clients sent, to the byte; STARTTLS and SMTPS in clear
  GET  /state     counts of connections, commands and requests
  anything else   is an SMS: JSON or form fields `to`, `text` and `ref` (or `id`), XML elements of these names, or the
                  same in the query

SMTP faults: "421", "450", "451", "550", … (that reply to RCPT), "451-data" (… to the message), "hang" (no answer to
RCPT), "hang-after-data", "drop" (closes at RCPT), "drop-after-data" (takes the message, closes without an answer),
"slow" (takes the message, answers after more than a second), "drop-reused" (closes at the second message of a
connection, again and again), "tls-broken" (no TLS follows STARTTLS), "tls-injected" (clear text follows it),
"greet-554" (serves nobody).
HTTP faults: a status (429 brings Retry-After: 1), "hang", "drop" (takes the message, closes without an answer), "slow".
SMPP faults: "0x58", … (that status to submit_sm), "hang" (no answer to submit_sm), "drop" (takes the message, closes
without an answer), "refuse-bind", "silent" (no answer to enquire_link).
"""

import argparse
import asyncio
import base64
import datetime
import email
import email.policy
import json
import os
import pathlib
import random
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import smsc
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Receiver:
    def __init__(self, log):
        self.log = log
        self.messages = []
        self.counts = {}
        self.dialogue = bytearray()
        self.answer = None
        self.faults = {"smtp": None, "http": None, "smpp": None}
        self.times = {"smtp": None, "http": None, "smpp": None}
        self.receipts = "DELIVRD"
        self.callback = None
        self.random = None
        self.state = {"smtpConnections": 0, "smtpCommands": 0, "httpConnections": 0, "httpRequests": 0, "callbacks": {}}

    def record(self, **message):
        message["receivedAt"] = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
        self.messages.append(message)
        self.counts[message["id"]] = self.counts.get(message["id"], 0) + 1
        if self.log:
            self.log.write(json.dumps(message, ensure_ascii=False) + "\n")
            self.log.flush()

    def set_faults(self, wanted):
        self.receipts = wanted.get("receipts", self.receipts)
        self.callback = wanted.get("callback", self.callback)
        self.answer = wanted.get("answer", self.answer)
        if "random" in wanted:
            self.random = wanted["random"]
            self.dice = random.Random((self.random or {}).get("seed"))
        for side in self.faults:
            if side in wanted:
                self.faults[side] = wanted[side]
                self.times[side] = wanted.get("times")

    def draw(self, side):
        """Before each message: the next one may meet a fault by chance."""
        if self.random and self.faults[side] is None and self.random.get(side):
            if self.dice.random() < self.random["share"]:
                self.faults[side], self.times[side] = self.dice.choice(self.random[side]), 1

    def tell(self, message_id):
        """Calls back what became of a message, until it is heard."""
        told = self.callback

        async def call():
            body = json.dumps({"id": message_id, "status": told["status"]}).encode()
            headers = {"content-type": "application/json", **told.get("headers", {})}
            request = urllib.request.Request(told["url"], data=body, headers=headers, method="POST")

            def post():
                try:
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        return answer.status
                except urllib.error.HTTPError as error:
                    return error.code
                except OSError:
                    return 0

            while True:
                status = await asyncio.to_thread(post)
                self.state["callbacks"][str(status)] = self.state["callbacks"].get(str(status), 0) + 1
                if 200 <= status < 500 and status != 0:
                    return
                await asyncio.sleep(0.5)

        if told:
            asyncio.ensure_future(call())

    def fault(self, side, *names):
        """The fault now due, where it is one of `names` or, without names, any; counts it."""
        fault = self.faults[side]
        if fault is None or (names and fault not in names):
            return None
        if self.times[side] is not None:
            self.times[side] -= 1
            if self.times[side] <= 0:
                self.faults[side] = None
        return fault


class CountingSMTP(SMTP):
    """aiosmtpd's server, which also counts connections and commands."""

    def __init__(self, receiver, *arguments, **options):
        super().__init__(*arguments, **options)
        self.receiver = receiver
        self.taken = 0

    def connection_made(self, transport):
        if self.transport is None:
            self.receiver.state["smtpConnections"] += 1
        super().connection_made(transport)

    def data_received(self, data):
        if len(self.receiver.dialogue) < 1 << 20:
            self.receiver.dialogue += data
        super().data_received(data)

    async def push(self, status):
        is_greeting = isinstance(status, str) and status.startswith(f"220 {self.hostname} ")
        if is_greeting and self.receiver.fault("smtp", "greet-554"):
            status = "554 no service"
        await super().push(status)

    async def smtp_STARTTLS(self, argument):
        if self.receiver.fault("smtp", "tls-injected"):
            # In one piece, as somebody in between could: an answer to what is going to be said over TLS.
            self.transport.write(b"220 go on\r\n250-receiver\r\n250 AUTH PLAIN\r\n")
            await self._reader.read(1)
            self.transport.close()
            return
        if self.receiver.fault("smtp", "tls-broken"):
            await self.push("220 go on")
            await self._reader.read(1)
            self.transport.write(b"no TLS at all\r\n" * 10)
            self.transport.close()
            return
        await super().smtp_STARTTLS(argument)

    async def auth_XOAUTH2(self, _, arguments):
        # aiosmtpd has none of its own: user=NAME ^A auth=Bearer TOKEN ^A ^A
        blob = base64.b64decode(arguments[1]) if len(arguments) > 1 else await self.challenge_auth("")
        try:
            user, token = blob.rstrip(b"\1").split(b"\1")
            login = LoginPassword(user.removeprefix(b"user="), token.removeprefix(b"auth=Bearer "))
        except (AttributeError, ValueError):
            return AuthResult(success=False, handled=False)
        return self._authenticate("XOAUTH2", login)

    async def smtp_MAIL(self, argument):
        self.receiver.state["smtpCommands"] += 1
        await super().smtp_MAIL(argument)

    async def smtp_RCPT(self, argument):
        self.receiver.state["smtpCommands"] += 1
        await super().smtp_RCPT(argument)


class MailHandler:
    def __init__(self, receiver):
        self.receiver = receiver

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.receiver.draw("smtp")
        if server.taken > 0 and self.receiver.fault("smtp", "drop-reused"):
            server.transport.abort()
            return "421 going"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        fault = self.receiver.faults["smtp"]
        if isinstance(fault, str) and fault.isdigit():
            return f"{self.receiver.fault('smtp')} no"
        if self.receiver.fault("smtp", "hang"):
            await asyncio.sleep(3600)
        if self.receiver.fault("smtp", "drop"):
            server.transport.abort()
            return "421 going"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        fault = self.receiver.faults["smtp"]
        if isinstance(fault, str) and fault.endswith("-data") and fault[:3].isdigit():
            return f"{self.receiver.fault('smtp')[:3]} no"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.receiver.record(
            channel="email",
            to=envelope.rcpt_tos[0],
            subject=mail["subject"],
            text=mail.get_body(("plain",)).get_content().replace("\r\n", "\n"),
            html=html.get_content().replace("\r\n", "\n") if (html := mail.get_body(("html",))) else None,
            id=mail["message-id"],
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            headers=[[name, str(value)] for name, value in mail.items()],
            raw=envelope.original_content.decode("latin-1"),
            tls=session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            user=session.auth_data.login.decode() if session.authenticated else None,
            mechanism=getattr(session, "mechanism", None),
        )
        server.taken += 1
        if self.receiver.fault("smtp", "slow"):
            await asyncio.sleep(1.5)
        if self.receiver.fault("smtp", "hang-after-data"):
            await asyncio.sleep(3600)
        if self.receiver.fault("smtp", "drop-after-data"):
            server.transport.abort()
            return "421 going"
        return f"250 2.0.0 Ok: queued as {len(self.receiver.messages)}"


async def serve_http(receiver, reader, writer):
    receiver.state["httpConnections"] += 1
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ", 2)
            headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = await answer_http(receiver, method, target, headers, body)
            if answer is None:
                break
            status, extra, value = answer
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            fields = {"content-type": "application/json", "content-length": str(len(data)), **extra}
            writer.write(f"HTTP/1.1 {status} .\r\n".encode())
            writer.write("".join(f"{n}: {v}\r\n" for n, v in fields.items()).encode() + b"\r\n" + data)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def answer_http(receiver, method, target, headers, body):
    """Status, further headers, JSON; or None, to close without an answer."""
    url = urllib.parse.urlsplit(target)
    if url.path == "/faults" and method == "POST":
        receiver.set_faults(json.loads(body))
        return 200, {}, receiver.faults
    if url.path == "/messages":
        since = urllib.parse.parse_qs(url.query).get("since", ["0"])[0]
        return 200, {}, receiver.messages[int(since):]
    if url.path == "/counts":
        return 200, {}, receiver.counts
    if url.path == "/dialogue":
        return 200, {}, receiver.dialogue.decode("latin-1")
    if url.path == "/state":
        return 200, {}, receiver.state
    receiver.state["httpRequests"] += 1
    receiver.draw("http")
    fault = receiver.fault("http")
    if fault == "hang":
        await asyncio.sleep(3600)
    if isinstance(fault, int) or (isinstance(fault, str) and fault.isdigit()):
        return int(fault), ({"retry-after": "1"} if int(fault) == 429 else {}), {"error": "as told"}
    fields = {name: value for name, value in urllib.parse.parse_qsl(url.query)}
    kind = headers.get("content-type", "")
    if "json" in kind:
        try:
            fields.update(json.loads(body))
        except ValueError:
            return 400, {}, {"error": "not JSON"}
    elif "form" in kind:
        fields.update(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    elif "xml" in kind:
        try:
            root = xml.etree.ElementTree.fromstring(body)
        except xml.etree.ElementTree.ParseError:
            return 400, {}, {"error": "not XML"}
        fields.update((element.tag, element.text or "") for element in root)
        fields.update(root.attrib)
    lowered = {name.lower(): value for name, value in fields.items()}
    text = lowered.get("text", lowered.get("body"))
    receiver.record(
        channel="sms",
        to=lowered.get("to"),
        subject=None,
        text=text if text is not None else body.decode("utf-8", "replace"),
        id=lowered.get("ref", lowered.get("id")),
        method=method,
        target=target,
        headers=sorted(headers.items()),
        fields={name: v if isinstance(v, str) else json.dumps(v) for name, v in fields.items()},
    )
    if fault == "drop":
        return None
    message_id = f"sms-{len(receiver.messages)}"
    if fault == "slow":
        await asyncio.sleep(1.5)
    receiver.tell(message_id)
    if receiver.answer:
        answer = receiver.answer
        return answer["status"], {"content-type": answer.get("type", "application/json")}, answer["body"].encode()
    return 202, {}, {"id": message_id}


def make_certificate(folder, name, days):
    """A self-signed certificate; gives back a server context."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key, request = folder / "certificate.pem", folder / "key.pem", folder / "request.pem"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1" if name == "localhost" else f"subjectAltName=DNS:{name}"
    for arguments in (
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
         "-addext", names, "-keyout", str(key), "-out", str(request)],
        ["x509", "-req", "-in", str(request), "-signkey", str(key), "-days", str(days), "-copy_extensions", "copy",
         "-out", str(certificate)],
    ):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


async def run(options):
    loop = asyncio.get_running_loop()
    receiver = Receiver(open(options.log, "a", encoding="utf-8") if options.log else None)
    tls = None
    if options.certificate:
        tls = make_certificate(
            pathlib.Path(options.certificate), options.certificate_name, -1 if options.certificate_expired else 2)

    def authenticate(server, session, envelope, mechanism, data):
        user, _, password = options.auth.partition(":")
        session.mechanism = mechanism
        good = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=good, handled=False, auth_data=data)

    def smtp(starttls):
        return CountingSMTP(
            receiver, MailHandler(receiver), hostname="receiver", loop=loop, enable_SMTPUTF8=False,
            tls_context=tls if starttls and not options.no_starttls else None, require_starttls=bool(starttls and options.require_starttls),
            auth_required=bool(options.auth), auth_require_tls=starttls and tls is not None,
            auth_exclude_mechanism={"PLAIN", "LOGIN", "XOAUTH2"} - set(options.auth_mechanisms.split(",")),
            authenticator=authenticate if options.auth else None)

    host = options.host
    ports = {}
    servers = [await loop.create_server(lambda: smtp(True), host, options.smtp_port)]
    ports["smtp"] = servers[0].sockets[0].getsockname()[1]
    if tls:
        servers.append(await loop.create_server(lambda: smtp(False), host, options.smtps_port, ssl=tls))
        ports["smtps"] = servers[-1].sockets[0].getsockname()[1]
        servers.append(await asyncio.start_server(
            lambda r, w: serve_http(receiver, r, w), host, options.https_port, ssl=tls))
        ports["https"] = servers[-1].sockets[0].getsockname()[1]
    servers.append(await asyncio.start_server(lambda r, w: serve_http(receiver, r, w), host, options.http_port))
    ports["http"] = servers[-1].sockets[0].getsockname()[1]
    center = smsc.SMSC(receiver, options.auth)
    servers.append(await asyncio.start_server(center.serve, host, options.smpp_port))
    ports["smpp"] = servers[-1].sockets[0].getsockname()[1]
    if tls:
        servers.append(await asyncio.start_server(center.serve, host, options.smpps_port, ssl=tls))
        ports["smpps"] = servers[-1].sockets[0].getsockname()[1]

    end = asyncio.Event()
    # A child of libdispatch's threads inherits their mask, which holds back every signal.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    loop.add_signal_handler(signal.SIGTERM, end.set)
    loop.add_signal_handler(signal.SIGINT, end.set)
    if options.until_stdin_closes:
        loop.run_in_executor(None, lambda: (sys.stdin.buffer.read(), loop.call_soon_threadsafe(end.set)))
    print(json.dumps(ports), flush=True)
    await end.wait()
    # Neither the reader of standard input nor a fault that hangs may keep the process.
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 (the default of all ports) takes a free one")
    parser.add_argument("--smtps-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--https-port", type=int, default=0)
    parser.add_argument("--smpp-port", type=int, default=0)
    parser.add_argument("--smpps-port", type=int, default=0)
    parser.add_argument("--log", help="file to append messages to")
    parser.add_argument("--certificate", metavar="FOLDER", help="make a certificate there; STARTTLS, SMTPS, HTTPS and SMPP over TLS are offered")
    parser.add_argument("--certificate-name", metavar="HOST", default="localhost")
    parser.add_argument("--certificate-expired", action="store_true")
    parser.add_argument("--no-starttls", action="store_true", help="don't offer it")
    parser.add_argument("--require-starttls", action="store_true")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="mail and SMPP need this login")
    parser.add_argument("--auth-mechanisms", metavar="NAMES", default="PLAIN,LOGIN,XOAUTH2")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    asyncio.run(run(options))


if __name__ == "__main__":
    main()
