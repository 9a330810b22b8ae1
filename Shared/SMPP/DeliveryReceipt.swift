/// How far a message has come (5.2.28).
package enum MessageState: UInt8, Sendable {
    case enroute = 1
    case delivered, expired, deleted, undeliverable, accepted, unknown, rejected

    /// The last word about a message: true delivered, false not; nil where another word may come.
    package var isDelivered: Bool? {
        switch self {
        case .delivered: true
        case .expired, .deleted, .undeliverable, .rejected: false
        case .enroute, .accepted, .unknown: nil
        }
    }

    /// The words of appendix B; SMSCs differ in their case and in how far they cut them.
    fileprivate init?(word: String) {
        switch word.uppercased() {
        case "ENROUTE": self = .enroute
        case "DELIVRD", "DELIVERED": self = .delivered
        case "EXPIRED": self = .expired
        case "DELETED": self = .deleted
        case "UNDELIV", "UNDELIVERABLE": self = .undeliverable
        case "ACCEPTD", "ACCEPTED": self = .accepted
        case "UNKNOWN": self = .unknown
        case "REJECTD", "REJECTED": self = .rejected
        default: return nil
        }
    }
}

/// What an SMSC tells by deliver_sm of a message that it took.
package struct DeliveryReceipt: Equatable, Sendable {
    /// As submit_sm_resp gave it.
    package let messageID: String
    package let state: MessageState

    /// nil for a message that is no receipt, or one that says neither which message nor how it fares.
    ///
    /// By the TLVs `receipted_message_id` and `message_state` where they are, else by the text of appendix B:
    /// `id:0123 sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000 text:…`.
    package init?(_ message: SubmittedMessage) {
        // Bits 5-2 of esm_class: 1 is a receipt (5.2.12).
        let isMarked = message.esmClass & 0x3C == 0x04
        var octets = message[.receiptedMessageID] ?? []
        if octets.last == 0 { octets.removeLast() }
        guard isMarked || !octets.isEmpty else { return nil }
        let told = message[.messageState].flatMap { $0.count == 1 ? MessageState(rawValue: $0[0]) : nil }
        let text = message.content.prefix(1_024)
        let id = octets.isEmpty ? Self.word(after: "id:", in: text) : latin(octets)
        guard let id, !id.isEmpty, id.unicodeScalars.count <= 64,
            let state = told ?? Self.word(after: "stat:", in: text).flatMap(MessageState.init(word:))
        else { return nil }
        messageID = id
        self.state = state
    }

    /// The word after a key that begins the text or follows a blank.
    private static func word(after key: String, in text: ArraySlice<UInt8>) -> String? {
        let key = Array(key.utf8)
        var isStart = true
        for index in text.indices {
            if isStart, text[index...].count >= key.count,
                zip(text[index...], key).allSatisfy({ $0 == $1 || ($0 | 0x20 == $1 && isLetter($1)) })
            {
                let rest = text[(index + key.count)...]
                return latin(rest.prefix { $0 > 0x20 })
            }
            isStart = text[index] == 0x20
        }
        return nil
    }
}

private func isLetter(_ octet: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
}

/// One octet, one scalar: as ids are read from submit_sm_resp.
private func latin(_ octets: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for octet in octets { text.append(Unicode.Scalar(octet)) }
    return String(text)
}
