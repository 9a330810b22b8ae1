"""The receiver's SMSC: takes messages over SMPP 3.4 and tells by receipts how their delivery ended.

PDUs are read and written by smpplib, which knows nothing of the notifier's codec.
"""

import asyncio
import contextlib
import datetime
import struct

from smpplib import gsm, smpp

# smpplib has a grave accent where the alphabet has a paragraph sign.
ALPHABET = gsm.GSM_CHARACTER_TABLE[:0x5F] + "§" + gsm.GSM_CHARACTER_TABLE[0x60:]
STATES = {"ENROUTE": 1, "DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "ACCEPTD": 6, "UNKNOWN": 7,
          "REJECTD": 8}
# What a bind with a wrong login is answered with: ESME_RINVPASWD.
INVALID_PASSWORD = 0x0E
BIND_FAILED = 0x0D
UNKNOWN_COMMAND = 0x03


def decode(octets, data_coding):
    if data_coding == 8:
        return octets.decode("utf-16-be")
    text, shift = "", 0
    for octet in octets:
        if octet == 0x1B:
            shift = 0x80
        else:
            text, shift = text + ALPHABET[octet + shift], 0
    return text


class SMSC:
    """What all sessions share: messages of which parts are missing, and receipts that nobody was there for."""

    def __init__(self, receiver, auth):
        self.receiver = receiver
        self.auth = auth
        self.taken = 0
        self.parts = {}
        self.sessions = set()
        self.receipts = []
        receiver.state.update(
            smppConnections=0, smppBinds=0, smppSubmits=0, smppMessages=0, smppEnquiries=0, smppReceiptsTaken=0,
            smppReceiptsRefused=0, smppUnbinds=0)

    async def serve(self, reader, writer):
        self.receiver.state["smppConnections"] += 1
        await Session(self, reader, writer).run()

    def take(self, pdu, tls, system_id):
        """Records a message once all its parts are there; gives back the id of this one."""
        self.taken += 1
        self.receiver.state["smppMessages"] += 1
        message_id = f"smpp-{self.taken}"
        octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
        total, number = 1, 1
        key = None
        if pdu.esm_class & 0x40:
            length = octets[0]
            header, octets = octets[1:length + 1], octets[length + 1:]
            if header[:2] != b"\x00\x03":
                raise ValueError("unknown header")
            key = (pdu.source_addr, pdu.destination_addr, header[2])
            total, number = header[3], header[4]
        parts = self.parts.setdefault(key, {}) if key else {}
        parts[number] = (message_id, decode(octets, pdu.data_coding), len(octets))
        if len(parts) == total:
            self.parts.pop(key, None)
            number = pdu.destination_addr.decode("latin-1")
            self.receiver.record(
                channel="sms",
                to=f"+{number}" if pdu.dest_addr_ton == 1 else number,
                subject=None,
                text="".join(parts[index][1] for index in sorted(parts)),
                id=parts[1][0],
                headers=[],
                ids=[parts[index][0] for index in sorted(parts)],
                parts=total,
                validityPeriod=pdu.validity_period.decode("latin-1"),
                dataCoding=pdu.data_coding,
                source=pdu.source_addr.decode("latin-1"),
                sourceKind=[pdu.source_addr_ton, pdu.source_addr_npi],
                registeredDelivery=pdu.registered_delivery,
                tls=tls,
                user=system_id,
            )
        return message_id

    async def tell(self, message_id, pdu, state):
        """Sends a receipt a moment later, until it is taken; keeps it where nobody is bound."""
        await asyncio.sleep(0.05)
        receipt = (message_id, pdu, state)
        while True:
            session = next((session for session in self.sessions if session.is_bound), None)
            if session is None:
                self.receipts.append(receipt)
                return
            if await session.deliver(*receipt):
                return
            await asyncio.sleep(0.2)


class Session:
    """One connection."""

    def __init__(self, smsc, reader, writer):
        self.smsc = smsc
        self.receiver = smsc.receiver
        self.reader = reader
        self.writer = writer
        self.is_bound = False
        self.system_id = None
        self.sequence = 0
        self.answers = {}

    async def run(self):
        self.smsc.sessions.add(self)
        try:
            while True:
                head = await self.reader.readexactly(4)
                length, = struct.unpack(">L", head)
                if not 16 <= length <= 65536:
                    return
                data = head + await self.reader.readexactly(length - 4)
                pdu = smpp.parse_pdu(data, sequence=1, allow_unknown_opt_params=True)
                if pdu is None or not await self.handle(pdu):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.is_bound = False
            self.smsc.sessions.discard(self)
            for answer in self.answers.values():
                answer.cancel()
            self.writer.close()

    async def handle(self, pdu):
        """False to close."""
        match pdu.command:
            case "bind_transceiver":
                return self.bind(pdu)
            case "enquire_link":
                self.receiver.state["smppEnquiries"] += 1
                if not self.receiver.fault("smpp", "silent"):
                    self.answer("enquire_link_resp", pdu)
            case "submit_sm":
                return self.submit(pdu)
            case "deliver_sm_resp":
                answer = self.answers.pop(pdu.sequence, None)
                if answer and not answer.done():
                    answer.set_result(pdu.status)
            case "unbind":
                self.receiver.state["smppUnbinds"] += 1
                self.is_bound = False
                self.answer("unbind_resp", pdu)
                await self.writer.drain()
                return False
            case "enquire_link_resp" | "generic_nack":
                pass
            case _:
                self.answer("generic_nack", pdu, UNKNOWN_COMMAND)
        return True

    def bind(self, pdu):
        if self.receiver.fault("smpp", "refuse-bind"):
            self.answer("bind_transceiver_resp", pdu, BIND_FAILED)
            return False
        login = f"{pdu.system_id.decode()}:{pdu.password.decode()}"
        if self.smsc.auth and login != self.smsc.auth:
            self.answer("bind_transceiver_resp", pdu, INVALID_PASSWORD)
            return False
        self.receiver.state["smppBinds"] += 1
        self.system_id = pdu.system_id.decode()
        self.answer("bind_transceiver_resp", pdu, system_id="receiver")
        self.is_bound = True
        kept, self.smsc.receipts = self.smsc.receipts, []
        for receipt in kept:
            asyncio.ensure_future(self.smsc.tell(*receipt))
        return True

    def submit(self, pdu):
        self.receiver.state["smppSubmits"] += 1
        self.receiver.draw("smpp")
        fault = self.receiver.faults["smpp"]
        if isinstance(fault, str) and fault.startswith("0x"):
            self.answer("submit_sm_resp", pdu, int(self.receiver.fault("smpp"), 16))
            return True
        if self.receiver.fault("smpp", "hang"):
            return True
        message_id = self.smsc.take(pdu, self.writer.get_extra_info("ssl_object") is not None, self.system_id)
        if self.receiver.fault("smpp", "drop"):
            return False
        self.answer("submit_sm_resp", pdu, message_id=message_id)
        state = self.receiver.receipts
        if pdu.registered_delivery & 1 and state != "none":
            asyncio.ensure_future(self.smsc.tell(message_id, pdu, state))
        return True

    async def deliver(self, message_id, pdu, state):
        """Whether the receipt was taken."""
        self.sequence += 1
        state, _, form = state.partition("-")
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%y%m%d%H%M")
        error = 0 if state == "DELIVRD" else 1
        text = (f"id:{message_id} sub:001 dlvrd:00{1 - error} submit date:{now} done date:{now} stat:{state} "
                f"err:{error:03} text:")
        fields = {} if form == "text" else {"receipted_message_id": message_id, "message_state": STATES[state]}
        receipt = smpp.make_pdu(
            "deliver_sm", sequence=self.sequence, esm_class=4, source_addr_ton=1, source_addr_npi=1,
            source_addr=pdu.destination_addr.decode(), destination_addr=pdu.source_addr.decode("latin-1"),
            short_message=text.encode(), **fields)
        receipt.sequence = self.sequence
        answer = self.answers[self.sequence] = asyncio.get_running_loop().create_future()
        self.writer.write(receipt.generate())
        status = None
        with contextlib.suppress(asyncio.CancelledError, asyncio.TimeoutError):
            status = await asyncio.wait_for(answer, 10)
        self.receiver.state["smppReceiptsTaken" if status == 0 else "smppReceiptsRefused"] += 1
        return status == 0

    def answer(self, command, pdu, status=0, **fields):
        response = smpp.make_pdu(command, sequence=pdu.sequence, status=status, **fields)
        response.sequence, response.status = pdu.sequence, status
        self.writer.write(response.generate())
