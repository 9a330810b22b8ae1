import FuzzDriver
import SMPP
import ShortMessages

@_cdecl("SMPPFuzz_main")
func main(_ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    fuzz(argumentCount, arguments, read)
}

/// What libFuzzer calls for each input: its first byte chooses the reader.
private func read(_ input: [UInt8]) {
    guard let choice = input.first else { return }
    let bytes = [UInt8](input.dropFirst())
    switch choice % 4 {
    case 0: readPDU(bytes)
    case 1: readReceipt(bytes)
    case 2: talk(bytes)
    default: splitText(bytes)
    }
}

/// What is read is written so that it reads the same. The length is filled in, for libFuzzer to get beyond it.
private func readPDU(_ bytes: [UInt8]) {
    guard (12...60_000).contains(bytes.count) else { return }
    let length = bytes.count + 4
    do {
        let pdu = try PDU(octets: [0, 0, UInt8(length >> 8), UInt8(length & 0xFF)] + bytes)
        let again = try PDU(octets: pdu.octets())
        precondition(again == pdu)
    } catch {
        precondition("\(error)".utf8.count < 200)
    }
}

/// A receipt that is read names a message.
private func readReceipt(_ bytes: [UInt8]) {
    var message = SubmittedMessage()
    message.esmClass = 4
    message.shortMessage = bytes
    if let receipt = DeliveryReceipt(message) { precondition(!receipt.messageID.isEmpty) }
    if let end = bytes.firstIndex(of: 0) {
        message.parameters = [
            OptionalParameter(.receiptedMessageID, Array(bytes[..<end])),
            OptionalParameter(.messageState, Array(bytes[end...].dropFirst().prefix(1))),
        ]
        if let receipt = DeliveryReceipt(message) { precondition(!receipt.messageID.isEmpty) }
    }
}

/// Pieces of a stream, in a session that has messages under way: each of them ends once.
private func talk(_ bytes: [UInt8]) {
    var session = Session(
        Session.Settings(
            bind: BindRequest(systemID: "a", password: "b"),
            window: 8,
            enquireLink: .seconds(1),
            responseTime: .seconds(2)
        )
    )
    var now = epoch
    var submitted: Set<UInt64> = []
    var isClosed = false
    func note(_ actions: [Session.Action]) {
        precondition(!isClosed || actions.isEmpty)
        for action in actions {
            switch action {
            case .write(let octets): precondition((try? PDU(octets: octets)) != nil)
            case .ended(let ticket, _): precondition(submitted.remove(ticket) != nil)
            case .close: isClosed = true
            case .bound, .received: break
            }
        }
    }
    note(session.start(at: now))
    note(session.received([0, 0, 0, 16, 0x80, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1], at: now))
    var rest = bytes[...]
    var ticket: UInt64 = 0
    while let count = rest.popFirst() {
        if session.hasRoom {
            ticket += 1
            submitted.insert(ticket)
            note(session.submit(SubmittedMessage(), ticket: ticket, deadline: now + .milliseconds(1_500)))
        }
        note(session.received(rest.prefix(Int(count)), at: now))
        rest = rest.dropFirst(Int(count))
        if count % 8 == 7 { now += .milliseconds(700) }
        note(session.tick(at: now))
    }
    if !isClosed { note(session.disconnect()) }
    precondition(submitted.isEmpty)
}

private let epoch = ContinuousClock.now

/// Parts fit their SMS.
private func splitText(_ bytes: [UInt8]) {
    let parts = MessageParts(String(decoding: bytes, as: UTF8.self))
    guard let userData = parts.userData(reference: 1) else { return }
    precondition(userData.allSatisfy { $0.count <= (parts.coding == .gsm ? 160 : 140) })
}
