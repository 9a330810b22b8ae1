import Contract
import Foundation
import Messaging
import TestSupport
import Testing
import TokenCore
import TokenCrypto

@testable import TokenCtl

@Suite("tokenctl import", .timeLimit(.minutes(3)))
struct ImportTests {
    /// The seed of RFC 4226, as files write it and as a command does.
    private static let seed = "3132333435363738393031323334353637383930"
    private static let base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    private static let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "VendorFilesTests/Samples").path

    /// A service of the test's own making, which answers imports as it is told.
    private final class Stock {
        let tool: Tool
        private let reader: KafkaReader
        private let producer: KafkaProducer

        init(_ broker: PrivateBroker) throws {
            tool = Tool(broker)
            try #require(try tool.run("topics", "create", "--partitions", "2").code == 0)
            let kafka = try KafkaSettings(properties: broker.properties)
            reader = try KafkaReader(kafka)
            producer = try KafkaProducer(kafka)
            let partitions = (0..<Int32(2)).map { TopicPartition(topic: tool.topics.commandsEnrollment, partition: $0) }
            try reader.read(partitions, from: .beginning, timeoutMilliseconds: 10_000)
        }

        /// The next command: its data, and what answers it.
        func next() throws -> (data: JSONObject, record: KafkaRecord) {
            let deadline = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < deadline {
                guard let record = try reader.take(max: 1, waitMilliseconds: 1_000).first else { continue }
                #expect(record.attribute(.type) == CommandType.importTokens.rawValue)
                #expect((record.value ?? []).count <= 900_000)
                return (try #require(try JSONParser.parse(record.value ?? []).objectValue), record)
            }
            throw Nothing()
        }

        func answer(_ record: KafkaRecord, _ value: String) throws {
            let id = record.headers.first { $0.name == "ce_id" }?.value
            let message = OutgoingMessage(
                topic: tool.topics.replies,
                key: record.key,
                value: Array(value.utf8),
                headers: ["ce_correlationid", "ce_causationid"].map { KafkaHeader(name: $0, value: id) }
            )
            guard case .acknowledged = producer.wait(for: try producer.produce([message]), timeoutMilliseconds: 10_000)
            else { throw Nothing() }
        }

        struct Nothing: Error {}
    }

    private func tokens(_ data: JSONObject) -> [JSONObject] {
        if case .array(let tokens)? = data["tokens"] { tokens.compactMap(\.objectValue) } else { [] }
    }

    @Test("one file makes commands of both types; the sum counts what services and reader skipped")
    func bothTypes() throws {
        let stock = try Stock(.shared)
        let file = "A1,\(Self.seed)\nA2,\(Self.seed),totp,8,60\nA3,x!,hotp\nA4,\(Self.seed),ocra\n"
        let importing = try stock.tool.start("import", "-", "--tenant", "acme", input: file)
        let first = try stock.next()
        #expect(first.record.key == Array("acme/~import".utf8) && first.record.attribute(.tenant) == "acme")
        #expect(first.data["tokenType"] == "hotp-hardware")
        #expect(tokens(first.data) == [["serial": "A1", "secret": .string(Self.base32)]])
        try stock.answer(first.record, #"{"status":"ok","result":{"imported":1,"skipped":[]}}"#)
        let second = try stock.next()
        #expect(second.data["tokenType"] == "totp-hardware")
        #expect(
            tokens(second.data) == [["serial": "A2", "secret": .string(Self.base32), "digits": 8, "period": 60]]
        )
        let reply = #"{"status":"ok","result":{"imported":0,"skipped":[{"serial":"A2","code":"serial_taken"}]}}"#
        try stock.answer(second.record, reply)
        #expect(try importing.waitForExit() == 1)
        #expect(
            importing.outputSoFar == """
                imported 1, skipped 3
                A3\tmalformed\tline 3: the seed is neither hexadecimal nor Base32
                A4\tunsupported_algorithm\tline 4: an OCRA token
                A2\tserial_taken

                imported               1
                malformed              1
                serial_taken           1
                unsupported_algorithm  1

                """
        )
        #expect(importing.errors == "tokenctl: KEYS_FILE is not set: the seeds are sent in clear\n")
        #expect(!importing.outputSoFar.contains(Self.seed) && !importing.outputSoFar.contains(Self.base32))
    }

    @Test("what is there already is no failure; a batch that is refused as a whole is")
    func unchanged() throws {
        let stock = try Stock(.shared)
        let unchanged = #"{"status":"ok","result":{"imported":0,"skipped":[{"serial":"A1","code":"unchanged"}]}}"#
        let rejected = #"{"status":"rejected","code":"unknown_token_type","message":"no such type"}"#
        for (reply, code, line) in [(unchanged, Int32(0), "A1\tunchanged"), (rejected, 1, "A1\tunknown_token_type")] {
            let importing = try stock.tool.start("import", "-", "--type", "keyfob", input: "A1,\(Self.seed)\n")
            let command = try stock.next()
            #expect(command.data["tokenType"] == "keyfob")
            try stock.answer(command.record, reply)
            #expect(try importing.waitForExit() == code)
            #expect(importing.outputSoFar.hasPrefix("imported 0, skipped 1\n\(line)\n"))
        }
    }

    @Test("with a key of ring submission each seed is a JWE bound to tenant, serial number, use and time")
    func sealing() throws {
        try withTemporaryPath { path in
            let stock = try Stock(.shared)
            let tool = stock.tool.with("KEYS_FILE", path)
            try #require(try tool.run("keys", "init").code == 0)
            let importing = try tool.start("import", "-", input: "A1,\(Self.seed)\n")
            let command = try stock.next()
            let sealed = try #require(tokens(command.data).first?["secret"]?.stringValue)
            let keys = try KeyRings.load(path: path)
            let plaintext = try JWE.open(sealed.utf8) { keys.key(.submission, kid: $0) }
            let content = try #require(try JSONParser.parse(plaintext.withBytes { [UInt8]($0) }).objectValue)
            #expect(content["tenant"] == "default" && content["serial"] == "A1" && content["use"] == "submission")
            #expect(content["secret"] == .string(Self.base32) && content["userId"] == nil)
            guard case .integer(let end)? = content["exp"] else { throw Stock.Nothing() }
            #expect(Instant.now.seconds < end)
            try stock.answer(command.record, #"{"status":"ok","result":{"imported":1,"skipped":[]}}"#)
            #expect(try importing.waitForExit() == 0)
            #expect(importing.outputSoFar == "imported 1, skipped 0\n" && importing.errors.isEmpty)
        }
    }

    @Test(
        "a large file goes in commands of at most 1,000 tokens, one after the other; no answer is 75, told with what was done"
    )
    func large() throws {
        let stock = try Stock(.shared)
        let rows = (0..<2_500).map { "S\($0),\(Self.seed)" }.joined(separator: "\n")
        let importing = try stock.tool.start("import", "-", "--timeout", "2s", input: rows)
        for _ in 0..<2 {
            let command = try stock.next()
            #expect(tokens(command.data).count == 1_000)
            try stock.answer(command.record, #"{"status":"ok","result":{"imported":1000,"skipped":[]}}"#)
        }
        #expect(tokens(try stock.next().data).count == 500)
        #expect(try importing.waitForExit() == 75)
        #expect(importing.outputSoFar == "imported 2000, skipped 0\n")
        #expect(importing.errors.contains("no answer within 2s; running it again is harmless"))
    }

    @Test("a trial run needs no broker and sends nothing")
    func dryRun() throws {
        let result = try Tool().run("import", "-", "--dry-run", input: "A1,\(Self.seed),totp,8,60\n")
        #expect(result.code == 0)
        #expect(result.output.hasPrefix("A1\ttotp-hardware\t8 digits\t60 s\n1 command: 1 of totp-hardware, "))
        #expect(result.output.hasSuffix("\nwould import 1, skipped 0\n"))
        #expect(!result.output.contains(Self.base32) && !result.output.contains(Self.seed))
    }

    @Test("a file of which nothing can be taken is 1, an unreadable one 65 and one line, a wrong option 64")
    func exits() throws {
        #expect(try Tool().run("import", "-", "--dry-run", input: "A1,\(Self.seed),ocra\n").code == 1)
        #expect(try Tool().run("import", "-", input: "A1,\(Self.seed),ocra\n").code == 1, "nothing to send: no broker")
        let inputs = [
            "hello\n", "", "<html/>", "{}", #"<!DOCTYPE a><KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc"/>"#,
            #"{"tokens":[{"serial":"A","secret":"\#(Self.base32)"}]}"#,
        ]
        for input in inputs {
            let result = try Tool().run("import", "-", input: input)
            let lines = result.errors.split(separator: "\n").filter { !$0.contains("KEYS_FILE") }
            #expect(result.code == 65 && result.output.isEmpty && lines.count == 1, "\(input): \(result)")
        }
        #expect(try Tool().run("import", "/nonexistent").code == 65)
        let rests = [["--bogus"], ["--type", "No"], ["--tenant", "A"], ["second"], ["--timeout", "0s"]]
        for rest in rests { #expect(try Tool().run(list: ["import", "-"] + rest).code == 64, "\(rest)") }
        #expect(try Tool().run("import").code == 64)
    }

    @Test("a sealed file opens with the key or the password of a file; loose modes are told")
    func keyFiles() throws {
        try withTemporaryPath { path in
            let figure6 = "\(Self.samples)/rfc6030-figure6.xml"
            for (content, mode, code) in [
                ("12345678901234567890123456789012\n", 0o600, Int32(0)),
                ("12345678901234567890123456789013", 0o644, 65),
            ] {
                try Data(content.utf8).write(to: URL(filePath: path))
                #expect(chmod(path, mode_t(mode)) == 0)
                let result = try Tool().run("import", figure6, "--dry-run", "--key-file", path)
                #expect(result.code == code, "\(result)")
                #expect(result.errors.contains("have access") == (mode == 0o644))
            }
            try Data("qwerty\nmore\n".utf8).write(to: URL(filePath: path))
            let figure7 = "\(Self.samples)/rfc6030-figure7.xml"
            #expect(try Tool().run("import", figure7, "--dry-run", "--password-file", path).code == 0)
            try Data("qwertz\n".utf8).write(to: URL(filePath: path))
            let wrong = try Tool().run("import", figure7, "--dry-run", "--password-file", path)
            #expect(wrong.code == 65 && wrong.errors.contains("password is wrong"))
        }
    }

    @Test("no form of file makes a seed, a password or a key appear on the screen")
    func secrecy() throws {
        let secrets = [
            Self.seed, Self.base32, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA", "12345678901234567890", "0f85fdda28bd816e406342b214",
            "855e70069605559a206ba854cd", "051212172c092728", "0e8e37b0e38b314a56748c030f58d21d", "eyJ", "MTIzNA",
            "00112233445566778899", "c557fc050721037fd31e1d3345b5d3263263e0f",
            "69cfb9202438ca68964ec3244bfa4843d073a43b",
        ]
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.samples)
        #expect(names.count > 15)
        for name in names {
            let result = try Tool().run(
                "import",
                "\(Self.samples)/\(name)",
                "--dry-run",
                "--password-file",
                "/dev/null"
            )
            let plain = try Tool().run("import", "\(Self.samples)/\(name)", "--dry-run")
            for text in [result.output, result.errors, plain.output, plain.errors] {
                let shown = text.lowercased()
                for secret in secrets { #expect(!shown.contains(secret.lowercased()), "\(name): \(secret)") }
            }
        }
    }
}
