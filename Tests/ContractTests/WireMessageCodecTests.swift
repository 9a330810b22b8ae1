import Contract
import Testing

@Suite("Codec of stored messages")
struct WireMessageCodecTests {
    private static let message = WireMessage(
        topic: "tokens.replies",
        partition: 3,
        key: Array("default/alice".utf8),
        headers: [WireHeader(.id, "x.r"), WireHeader("other", nil), WireHeader("empty", [])],
        value: [0, 255]
    )

    @Test("what is stored is read again, absent and empty told apart")
    func roundTrip() throws {
        var bare = Self.message
        bare.partition = nil
        bare.key = nil
        bare.headers = []
        bare.value = nil
        var empty = bare
        empty.partition = 0
        empty.key = []
        empty.value = []
        var odd = bare
        odd.partition = -1
        for messages in [[], [Self.message], [bare, empty, odd, Self.message, Self.message]] {
            #expect(try WireMessageCodec.decode(WireMessageCodec.encode(messages)) == messages)
        }
    }

    @Test("version 1 is written as it always was")
    func golden() {
        let bytes: [UInt8] =
            [1, 1, 14] + Array("tokens.replies".utf8) + [4, 14] + Array("default/alice".utf8)
            + [3, 2, 4] + Array("x.r".utf8) + [0, 5] + Array("other".utf8) + [0, 0, 5] + Array("empty".utf8) + [1] + [
                3, 0, 255,
            ]
        #expect(WireMessageCodec.encode([Self.message]) == bytes)
    }

    @Test("the abbreviations of version 1 keep their places")
    func abbreviations() {
        let names = [
            "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type", "ce_tenant",
            "ce_correlationid", "ce_causationid", "ce_traceparent", "ce_tracestate", "ce_authtype", "ce_authid",
            "ce_expirytime",
            "kafka_correlationId",
        ]
        for (index, name) in names.enumerated() {
            let message = WireMessage(topic: "", key: nil, headers: [WireHeader(name, nil)], value: nil)
            #expect(WireMessageCodec.encode([message]) == [1, 1, 0, 0, 0, 1, UInt8(index + 1), 0, 0])
        }
    }

    @Test(
        "other bytes are refused",
        arguments: [
            [], [0], [2, 0], [1], [1, 0, 0], [1, 1], [1, 1, 5, 0x61], [1, 1, 1, 0xFF, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 1, 17, 0, 0],
            [1, 1, 0, 0, 9, 0, 0], [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [1, 1, 0, 0x81, 0x80, 0x80, 0x80, 0x10, 0, 0, 0],
        ] as [[UInt8]]
    )
    func refuses(bytes: [UInt8]) {
        #expect(throws: WireMessageCodec.DecodingError.self) { try WireMessageCodec.decode(bytes) }
    }

    @Test("every prefix of stored messages is refused")
    func prefixes() {
        let bytes = WireMessageCodec.encode([Self.message, Self.message])
        for length in bytes.indices {
            #expect(throws: WireMessageCodec.DecodingError.self) {
                try WireMessageCodec.decode(Array(bytes[..<length]))
            }
        }
    }
}
