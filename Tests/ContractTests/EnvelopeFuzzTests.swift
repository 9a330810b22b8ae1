import Contract
import Testing
import TokenCore

@Suite("Envelope and codec, by property")
struct EnvelopeFuzzTests {
    @Test("no record makes the decoders trap, and each is either a command or refused with what the reply needs")
    func records() {
        var random = SeededRandom()
        let valid = [Record.complete, Record.complete.structured(), Record()]
        for _ in 0..<20_000 {
            let record = valid[random.below(valid.count)]
            var headers = record.headers
            for _ in 0..<random.below(3) {
                let index = random.below(headers.count)
                var value = headers[index].value ?? []
                random.mutate(&value)
                switch random.below(4) {
                case 0: headers.remove(at: index)
                case 1: headers.append(headers[index])
                case 2: headers[index].name = random.string()
                default: headers[index].value = value
                }
            }
            var key = Array((record.key ?? "").utf8)
            if random.below(3) == 0 { random.mutate(&key) }
            var value = Array(record.data.utf8)
            if random.below(2) == 0 { random.mutate(&value) }

            switch EnvelopeDecoder.decode(headers: headers, key: key, value: value) {
            case .command(let command):
                #expect(command.key == key && RecordKey(key) == command.recordKey, "\(random)")
                #expect(!command.id.isEmpty && command.id.utf8.count <= 255, "\(random)")
                let cause = MessageCause(
                    command,
                    asker: command.authID,
                    identity: UUIDValue(high: 1, low: 2),
                    source: "/s",
                    time: Instant(seconds: 0)
                )
                let reply = ReplyEnvelope(to: cause, outcome: .ok(command.data)).message(to: "t")
                #expect((try? WireMessageCodec.decode(WireMessageCodec.encode([reply]))) == [reply], "\(random)")
                readAll(command.fields)
            case .refused(let refusal):
                #expect(!refusal.isAnswerable || refusal.id != nil && refusal.source != nil, "\(random)")
                #expect(refusal.key == key, "\(random)")
            }
            _ = DirectoryChange.decode(headers: headers, key: key, value: value)
        }
    }

    @Test("no data make a command's reader trap")
    func contents() {
        var random = SeededRandom()
        let names = [
            "tokenId", "challengeId", "otp", "otp1", "otp2", "purpose", "context", "locale", "reason", "ifVersion",
            "limit",
            "tokenType", "description", "expiresAt", "serial", "revision", "phone", "reference", "text", "fields",
        ]
        for _ in 0..<20_000 {
            var object = JSONObject()
            for _ in 0..<random.below(8) {
                let value: JSONValue =
                    switch random.below(4) {
                    case 0: .string("0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d")
                    case 1: .object(["reference": random.jsonValue(depth: 0), "text": "x"])
                    default: random.jsonValue(depth: 2)
                    }
                object.set(names[random.below(names.count)], to: value)
            }
            readAll(FieldReader(object))
        }
    }

    @Test("stored messages survive any content, and mutated ones never trap")
    func codec() {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            let messages = (0..<random.below(3)).map { _ in
                WireMessage(
                    topic: random.string(),
                    partition: random.below(2) == 0 ? nil : Int32(truncatingIfNeeded: random.next()),
                    key: random.below(4) == 0 ? nil : random.bytes(upTo: 20),
                    headers: (0..<random.below(4)).map { _ in
                        random.below(2) == 0
                            ? WireHeader(Header.allCases[random.below(Header.allCases.count)], random.string())
                            : WireHeader(random.string(), random.below(2) == 0 ? nil : random.bytes(upTo: 9))
                    },
                    value: random.below(4) == 0 ? nil : random.bytes(upTo: 300)
                )
            }
            var bytes = WireMessageCodec.encode(messages)
            #expect((try? WireMessageCodec.decode(bytes)) == messages, "\(random)")
            random.mutate(&bytes)
            _ = try? WireMessageCodec.decode(bytes)
            _ = try? WireMessageCodec.decode(random.bytes(upTo: 40))
        }
    }

    private func readAll(_ fields: FieldReader) {
        _ = try? EnrollToken(fields)
        _ = try? ProvisionToken(fields)
        _ = try? EditToken(fields)
        _ = try? SetTokenStatus(fields)
        _ = try? SetHardwareStatus(fields)
        _ = try? ListTokens(fields)
        _ = try? ImportTokens(fields)
        _ = try? DefineTokenType(fields)
        _ = try? EditTokenType(fields)
        _ = try? RetireTokenType(fields)
        _ = try? RequestOTP(fields)
        _ = try? VerifyOTP(fields)
        _ = try? ResetToken(fields)
        _ = try? UnlockUser(fields)
        _ = try? DirectoryRecord(fields)
    }
}
