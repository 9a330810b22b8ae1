import TestSupport
import Testing

@testable import SMPP

/// Octets of hexadecimal digits.
func octets(_ digits: String) -> [UInt8] {
    let digits = Array(digits.utf8.filter { $0 != 0x20 && $0 != 0x0A })
    return stride(from: 0, to: digits.count - 1, by: 2).map { index in
        UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) ?? 0
    }
}

/// What other implementations write.
enum Written {
    /// By smpplib 2.2.4.
    static let bind = octets(
        "00000027000000090000000000000001746f6b656e730068756e74657232004f54500034000000"
    )
    static let bindResponse = octets("0000001a800000090000000000000001736d7363000210000134")
    static let submitResponse = octets("00000017800000040000000000000002736d70702d3100")
    static let nack = octets("00000010800000000000000300000005")
    static let deliverResponse = octets("0000001180000005000000640000000500")
    /// By smpp34 1.5.0.
    static let submit = octets(
        """
        0000005c0000000400000000000000070005004578616d706c65000101343137393132333435363700400000003236313132343133303030
        303030302b00010008001331323334353620697320796f757220636f646502040002002a
        """
    )
    static let receipt = octets(
        """
        000000a200000005000000000000000900010134313739313233343536370005004578616d706c6500040000000000000000606964
        3a30313233207375623a30303120646c7672643a303031207375626d697420646174653a3236313132343132303020646f6e6520646174
        653a3236313132343132303120737461743a44454c49565244206572723a30303020746578743a001e00066162632d31000427000102
        """
    )

    static let all = [bind, bindResponse, submitResponse, nack, deliverResponse, submit, receipt]
}

@Suite("SMPP PDUs")
struct PDUTests {
    @Test("the specification's example of a bind is read (3.2.3), with the command of a transceiver")
    func specification() throws {
        let example = octets(
            """
            00 00 00 2F 00 00 00 09 00 00 00 00 00 00 00 01 53 4D 50 50 33 54 45 53 54 00 73 65 63 72 65 74 30 38 00
            53 55 42 4D 49 54 31 00 00 01 01 00
            """
        )
        let bind = BindRequest(systemID: "SMPP3TEST", password: "secret08", systemType: "SUBMIT1")
        let pdu = PDU(.bindTransceiver(bind), sequence: 1)
        #expect(try PDU(octets: example) == pdu)
        // We say our version, and ask for no range of addresses.
        #expect(try pdu.octets() == example.dropLast(4) + [0x34, 0, 0, 0])
    }

    @Test("what other implementations write is read field by field, and written the same")
    func foreign() throws {
        let bind = BindRequest(systemID: "tokens", password: "hunter2", systemType: "OTP")
        #expect(try PDU(octets: Written.bind) == PDU(.bindTransceiver(bind), sequence: 1))
        #expect(try PDU(octets: Written.bindResponse) == PDU(.bindTransceiverResponse(systemID: "smsc"), sequence: 1))
        #expect(try PDU(octets: Written.submitResponse) == PDU(.submitResponse(messageID: "smpp-1"), sequence: 2))
        #expect(try PDU(octets: Written.nack) == PDU(.genericNack, sequence: 5, status: .invalidCommand))
        #expect(
            try PDU(octets: Written.deliverResponse) == PDU(.deliverResponse, sequence: 5, status: .receiverBusy)
        )
        let submit = try PDU(octets: Written.submit)
        guard case .submit(let message) = submit.operation else {
            Issue.record("no submit_sm")
            return
        }
        #expect(submit.sequence == 7)
        #expect(message.source == Address(kind: .alphanumeric, text: "Example"))
        #expect(message.destination == Address(kind: .international, text: "41791234567"))
        #expect(message.esmClass == SubmittedMessage.userDataHeader && message.registeredDelivery == 1)
        #expect(message.validityPeriod == "261124130000000+" && message.dataCoding == 8)
        #expect(message.content == Array("123456 is your code".utf8))
        #expect(message[OptionalParameter.Tag(rawValue: 0x0204)] == [0, 42])
        for octets in Written.all where octets != Written.bindResponse {
            #expect(try PDU(octets: octets).octets() == octets)
        }
    }

    @Test("PDUs without a body are sixteen octets, and what follows as TLVs is skipped")
    func headers() throws {
        for (operation, command) in [
            (.unbind, "00000006"), (.unbindResponse, "80000006"), (.enquireLink, "00000015"),
            (.enquireLinkResponse, "80000015"), (.genericNack, "80000000"), (.other(0x103), "00000103"),
        ] as [(PDU.Operation, String)] {
            let written = octets("00000010\(command)0000000000000003")
            #expect(try PDU(operation, sequence: 3).octets() == written)
            #expect(try PDU(octets: written) == PDU(operation, sequence: 3))
        }
        let longer = octets("00000015 00000015 00000000 00000003 1400 0001 07")
        #expect(try PDU(octets: longer) == PDU(.enquireLink, sequence: 3))
    }

    @Test("a response may come without a body")
    func bodiless() throws {
        #expect(
            try PDU(octets: octets("00000010800000040000005800000003"))
                == PDU(.submitResponse(messageID: ""), sequence: 3, status: .throttled)
        )
        #expect(
            try PDU(octets: octets("0000001080000009 0000000E 00000001")).operation
                == .bindTransceiverResponse(systemID: "")
        )
    }

    @Test("octets beyond ASCII in an id are kept")
    func latin() throws {
        let pdu = PDU(.submitResponse(messageID: "a\u{FF}\u{80}"), sequence: 1)
        #expect(try PDU(octets: pdu.octets()) == pdu)
    }

    @Test("fields have bounds: in what is written")
    func writtenBounds() {
        var message = SubmittedMessage()
        message.shortMessage = [UInt8](repeating: 1, count: 255)
        #expect(throws: PDUError.malformed(command: 4, sequence: 1, field: "short_message")) {
            try PDU(.submit(message), sequence: 1).octets()
        }
        message.shortMessage = []
        message.destination = Address(kind: .international, text: String(repeating: "1", count: 21))
        #expect(throws: PDUError.malformed(command: 4, sequence: 1, field: "destination_addr")) {
            try PDU(.submit(message), sequence: 1).octets()
        }
        for id in ["a\u{0}b", "a€", String(repeating: "a", count: 16)] {
            #expect(throws: PDUError.malformed(command: 9, sequence: 1, field: "system_id")) {
                try PDU(.bindTransceiver(BindRequest(systemID: id, password: "")), sequence: 1).octets()
            }
        }
        message.destination = Address(kind: .unknown, text: "")
        message.parameters = [OptionalParameter(.messagePayload, [UInt8](repeating: 1, count: 65_536))]
        #expect(throws: PDUError.self) { try PDU(.submit(message), sequence: 1).octets() }
    }

    @Test("a PDU that was cut anywhere is refused, and its length is believed only within bounds")
    func readBounds() throws {
        for whole in Written.all {
            for count in PDU.headerSize..<whole.count {
                var cut = Array(whole.prefix(count))
                cut.replaceSubrange(0..<4, with: [0, 0, 0, UInt8(count)])
                do throws(PDUError) {
                    // Between TLVs it is whole again.
                    let pdu = try PDU(octets: cut)
                    if try PDU(octets: pdu.octets()) != pdu { Issue.record("reads differently") }
                } catch {
                    guard case .malformed = error else {
                        Issue.record("\(error)")
                        continue
                    }
                }
            }
            #expect(throws: PDUError.self) { try PDU(octets: whole + [0]) }
            #expect(throws: PDUError.self) { try PDU(octets: whole.dropLast()) }
        }
        for length in ["00000000", "0000000F", "00010001", "FFFFFFFF", "80000010"] {
            var frames = FrameBuffer()
            frames.append(octets(length))
            #expect(throws: PDUError.self) { try frames.next() }
        }
        #expect(throws: PDUError.malformed(command: 4, sequence: 7, field: "sm_length")) {
            var long = Written.submit
            long[66] = 255
            _ = try PDU(octets: long)
        }
    }

    @Test("PDUs are cut out of a stream however it is delivered", arguments: [1, 2, 3, 7, 16, 61, 1_000])
    func frames(step: Int) throws {
        let stream = Array(Written.all.joined())
        var frames = FrameBuffer()
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: step) {
            frames.append(stream[start..<min(start + step, stream.count)])
            while let frame = try frames.next() { found.append(Array(frame)) }
        }
        #expect(found == Written.all)
    }

    @Test("changed octets are read or refused, and what is read is written so that it reads the same")
    func mutations() throws {
        var random = SeededRandom(seed: 34)
        var (read, refused) = (0, 0)
        for round in 0..<5_000 {
            var octets = Written.all[round % Written.all.count]
            for _ in 0...Int.random(in: 0...3, using: &random) {
                octets[Int.random(in: 4..<octets.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do throws(PDUError) {
                let pdu = try PDU(octets: octets)
                read += 1
                if try PDU(octets: pdu.octets()) != pdu { Issue.record("reads differently") }
                if case .deliver(let message) = pdu.operation { _ = DeliveryReceipt(message) }
            } catch {
                refused += 1
            }
        }
        #expect(read > 500 && refused > 500)
    }

    @Test("neither passwords nor numbers nor texts are in a description")
    func redaction() throws {
        var dumped = ""
        for octets in [Written.bind, Written.submit, Written.receipt] {
            let pdu = try PDU(octets: octets)
            dump(pdu, to: &dumped)
            dumped += "\(pdu)" + String(reflecting: pdu)
        }
        #expect(!dumped.contains("hunter2") && !dumped.contains("41791234567") && !dumped.contains("49, 50, 51"))
        #expect("\(CommandStatus.throttled)" == "0x00000058")
    }
}
