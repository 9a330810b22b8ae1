import Testing

@testable import SMPP

@Suite("SMPP fields")
struct FieldTests {
    @Test("receipts are read by their TLVs first")
    func tlvs() throws {
        guard case .deliver(let message) = try PDU(octets: Written.receipt).operation else {
            Issue.record("no deliver_sm")
            return
        }
        let receipt = try #require(DeliveryReceipt(message))
        #expect(receipt.messageID == "abc-1" && receipt.state == .delivered)
        var unmarked = message
        unmarked.esmClass = 0
        #expect(DeliveryReceipt(unmarked) == receipt)
    }

    private func receipt(_ text: String, esmClass: UInt8 = 4) -> DeliveryReceipt? {
        var message = SubmittedMessage()
        message.esmClass = esmClass
        message.shortMessage = Array(text.utf8)
        return DeliveryReceipt(message)
    }

    @Test(
        "receipts are read by the text of appendix B",
        arguments: [
            ("DELIVRD", .delivered, true), ("EXPIRED", .expired, false), ("DELETED", .deleted, false),
            ("UNDELIV", .undeliverable, false), ("REJECTD", .rejected, false), ("ACCEPTD", .accepted, nil),
            ("UNKNOWN", .unknown, nil), ("ENROUTE", .enroute, nil), ("delivrd", .delivered, true),
        ] as [(String, MessageState, Bool?)]
    )
    func texts(word: String, state: MessageState, isDelivered: Bool?) throws {
        let text =
            "id:0A1b-2 sub:001 dlvrd:001 submit date:2611241200 done date:2611241201 stat:\(word) err:000 text:id:9"
        let receipt = try #require(self.receipt(text))
        #expect(receipt.messageID == "0A1b-2" && receipt.state == state)
        #expect(receipt.state.isDelivered == isDelivered)
    }

    @Test("keys are found in any case, at words' beginnings only")
    func keys() {
        #expect(receipt("ID:7 STAT:EXPIRED")?.state == .expired)
        #expect(receipt("xid:7 id:8 xstat:EXPIRED stat:DELETED")?.messageID == "8")
        #expect(receipt("id:8 xstat:EXPIRED stat:DELETED")?.state == .deleted)
    }

    @Test(
        "what tells too little is no receipt",
        arguments: [
            "", "id:", "id: stat:DELIVRD", "stat:DELIVRD", "id:7", "id:7 stat:", "id:7 stat:NONSENSE", "hello",
            "id:\(String(repeating: "7", count: 65)) stat:DELIVRD",
        ]
    )
    func incomplete(text: String) {
        #expect(receipt(text) == nil)
    }

    @Test("a message of a person is no receipt, whatever it says")
    func messages() {
        #expect(receipt("id:7 stat:DELIVRD", esmClass: 0) == nil)
        #expect(receipt("id:7 stat:DELIVRD", esmClass: 0x20) == nil)
    }

    @Test("a receipt's text may come as a payload, and a state that is not known gives way to it")
    func payload() {
        var message = SubmittedMessage()
        message.esmClass = 4
        message.parameters = [
            OptionalParameter(.messagePayload, Array("id:7 stat:UNDELIV".utf8)),
            OptionalParameter(.messageState, [77]),
        ]
        #expect(DeliveryReceipt(message)?.state == .undeliverable)
        message.parameters[1] = OptionalParameter(.messageState, [2])
        #expect(DeliveryReceipt(message)?.state == .delivered)
    }

    @Test("sources are told by their look")
    func sources() {
        for (text, kind, address) in [
            ("+41791234567", .international, "41791234567"), ("900", .networkSpecific, "900"),
            ("12345", .networkSpecific, "12345"), ("Example", .alphanumeric, "Example"),
            ("Example Ltd", .alphanumeric, "Example Ltd"), ("3M", .alphanumeric, "3M"),
        ] as [(String, Address.Kind, String)] {
            #expect(Address(source: text) == Address(kind: kind, text: address))
        }
        for text in [
            "", "+", "+0123456789", "+41 79", "12", "Example Ltd.", " a", "a ", "Zürich", "a\u{0}", "a`b", "[a]", "€",
            "1234567890123456",
        ] {
            #expect(Address(source: text) == nil, "\(text)")
        }
    }

    @Test("destinations are E.164, and lose their plus")
    func destinations() {
        #expect(Address(international: "+41791234567") == Address(kind: .international, text: "41791234567"))
        for text in ["41791234567", "+4179", "+0791234567", "+4179123456x", "+1234567890123456", "", "+٤١٧٩١٢٣٤٥٦٧"] {
            #expect(Address(international: text) == nil)
        }
    }

    @Test(
        "times are absolute and UTC",
        arguments: [
            (946_684_800, "000101000000000+"), (1_795_525_199, "261124125959000+"), (1_709_164_800, "240229000000000+"),
            (1_709_251_199, "240229235959000+"), (1_709_251_200, "240301000000000+"),
            (4_102_444_799, "991231235959000+"),
            (946_684_799, nil), (4_102_444_800, nil), (.min, nil), (.max, nil),
        ] as [(Int64, String?)]
    )
    func times(seconds: Int64, text: String?) {
        #expect(absoluteTime(seconds) == text)
    }

    @Test("a status says what becomes of the message")
    func verdicts() {
        for (status, verdict) in [
            (0x00, .taken), (0x58, .overloaded), (0x14, .overloaded), (0x08, .failed), (0x64, .failed), (0x45, .failed),
            (0xFF, .failed), (0x04, .failed), (0x0E, .failed), (0x0B, .refused), (0x0A, .refused), (0x65, .refused),
            (0x66, .refused), (0x01, .refused), (0x400, .failed), (0xFFFF_FFFF, .failed),
        ] as [(UInt32, CommandStatus.Verdict)] {
            #expect(CommandStatus(rawValue: status).verdict == verdict)
        }
    }
}
