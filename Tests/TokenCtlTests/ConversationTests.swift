import Contract
import Messaging
import TestSupport
import Testing
import TokenCrypto

@Suite("Talking to services with tokenctl", .timeLimit(.minutes(3)))
struct ConversationTests {
    /// A service of the test's own making: takes one command and writes what it is told.
    private final class Peer {
        let tool: Tool
        private let reader: KafkaReader
        private let producer: KafkaProducer

        init(_ broker: PrivateBroker, reading topic: (Topics) -> String) throws {
            tool = Tool(broker)
            try #require(try tool.run("topics", "create", "--partitions", "2").code == 0)
            let kafka = try KafkaSettings(properties: broker.properties)
            reader = try KafkaReader(kafka)
            producer = try KafkaProducer(kafka)
            let partitions = (0..<Int32(2)).map { TopicPartition(topic: topic(tool.topics), partition: $0) }
            try reader.read(partitions, from: .beginning, timeoutMilliseconds: 10_000)
        }

        func next() throws -> KafkaRecord {
            let deadline = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < deadline {
                if let record = try reader.take(max: 1, waitMilliseconds: 1_000).first { return record }
            }
            throw Nothing()
        }

        func write(_ topic: String, key: [UInt8]?, _ headers: [(String, String)], _ value: String) throws {
            let message = OutgoingMessage(
                topic: topic,
                key: key,
                value: Array(value.utf8),
                headers: headers.map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
            )
            guard case .acknowledged = producer.wait(for: try producer.produce([message]), timeoutMilliseconds: 10_000)
            else { throw Nothing() }
        }

        /// Answers a command on the default topic, or another.
        func answer(_ command: KafkaRecord, _ value: String, on topic: String? = nil) throws {
            let id = command.headers.first { $0.name == "ce_id" }?.value ?? []
            let name = String(decoding: id, as: UTF8.self)
            try write(
                topic ?? tool.topics.replies,
                key: command.key,
                [("ce_correlationid", name), ("ce_causationid", name)],
                value
            )
        }

        struct Nothing: Error {}
    }

    @Test("the reply's data are printed as they came, and its status is the exit status")
    func reply() throws {
        let peer = try Peer(.shared) { $0.commandsVerification }
        for (value, code) in [(#"{"status": "ok","result":{}}"#, Int32(0)), (#"{"status":"rejected"}"#, 1)] {
            let sending = try peer.tool.start(
                "send",
                "otp.verify",
                "--user",
                "alice",
                "--data",
                "-",
                input: #"{"otp":"1"}"#
            )
            let command = try peer.next()
            #expect(command.key == Array("default/alice".utf8))
            #expect(command.value == Array(#"{"otp":"1"}"#.utf8))
            // Another's answer, and what has no answer's form, must not end the wait.
            try peer.write(peer.tool.topics.replies, key: command.key, [("ce_causationid", "other")], "{}")
            try peer.answer(command, value)
            #expect(try sending.waitForExit() == code, "\(sending.errors)")
            #expect(sending.outputSoFar == value + "\n")
        }
    }

    @Test("an answer to an earlier copy is not taken for this one's")
    func copies() throws {
        let peer = try Peer(.shared) { $0.commandsEnrollment }
        for answer in [#"{"status":"ok","result":1}"#, #"{"status":"ok","result":2}"#] {
            let sending = try peer.tool.start("send", "token.list", "--user", "alice", "--id", "same")
            try peer.answer(peer.next(), answer)
            #expect(try sending.waitForExit() == 0, "\(sending.errors)")
            #expect(sending.outputSoFar == answer + "\n")
        }
    }

    @Test("a reply topic of one's own is read, and the default one too")
    func replyTopics() throws {
        let peer = try Peer(.shared) { $0.commandsEnrollment }
        let own = peer.tool.topics.events  // any that is there
        for topic in [own, peer.tool.topics.replies] {
            let sending = try peer.tool.start("send", "token.list", "--user", "alice", "--replyto", own)
            try peer.answer(peer.next(), #"{"status":"ok"}"#, on: topic)
            #expect(try sending.waitForExit() == 0, "\(sending.errors)")
        }
    }

    @Test("no answer in time is 75")
    func silence() throws {
        let tool = Tool(try .shared)
        try #require(try tool.run("topics", "create", "--partitions", "1").code == 0)
        let result = try tool.run("send", "token.list", "--user", "alice", "--timeout", "1s")
        #expect(result.code == 75 && result.output.isEmpty)
        #expect(result.errors == "tokenctl: no answer within 1s\n")
    }

    @Test("a topic that is not there is a mistake in the set-up, and none is made")
    func missingTopics() throws {
        let tool = Tool(try .shared)
        for result in [try tool.run("send", "token.list", "--user", "alice"), try tool.run("watch", "events")] {
            #expect(result.code == 78 && result.errors.contains("tokenctl topics create"))
        }
        #expect(try tool.run("topics", "create").lines.allSatisfy { $0.hasPrefix("created ") })
    }

    @Test("a broker that is away is told in one line")
    func noBroker() throws {
        let tool = Tool().with("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:\(try FreePort.next())")
        let result = try tool.run("send", "token.list", "--user", "alice")
        #expect(result.code == 75 && result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }

    @Test("watch prints what comes from now on, or from the beginning, of one tenant or all")
    func watch() throws {
        let peer = try Peer(.shared) { $0.events }
        let topic = peer.tool.topics.events
        try peer.write(topic, key: nil, [("ce_id", "old"), ("ce_tenant", "acme")], "{}")
        let watching = try peer.tool.startWithErrors("watch", "events", "--count", "1")
        try watching.waitForOutput("watching \(topic)\n")
        try peer.write(topic, key: nil, [("ce_id", "new"), ("ce_tenant", "default")], "[1]")
        #expect(try watching.waitForExit() == 0)
        #expect(watching.outputSoFar.hasSuffix("\n" + #"{"id":"new","tenant":"default","data":[1]}"# + "\n"))
        #expect(!watching.outputSoFar.contains("old"))

        let all = try peer.tool.run("watch", "events", "--from-beginning", "--count", "2")
        #expect(Set(all.lines.map { $0.contains("\"old\"") }) == [true, false])
        let acme = try peer.tool.run("watch", "events", "--from-beginning", "--count", "1", "--tenant", "acme")
        #expect(acme.output == #"{"id":"old","tenant":"acme","data":{}}"# + "\n")
    }

    @Test("a dead letter is listed, shown byte for byte and replayed as it was")
    func deadLetters() throws {
        try withTemporaryPath { path in
            let peer = try Peer(.shared) { $0.commandsVerification }
            let tool = peer.tool.with("KEYS_FILE", path)
            try #require(try tool.run("keys", "init").code == 0)
            let key = try #require(try KeyRings.load(path: path).active(.dlq))
            let letters = tool.topics.dlq(of: tool.topics.commandsVerification)
            let sealed = String(decoding: JWE.seal(Array("{\"a\":\n".utf8), key: key), as: UTF8.self)
            let headers = [("ce_id", "1"), ("dlq_reason", "json_invalid"), ("dlq_offset", "7")]
            try peer.write(letters, key: Array("acme/alice".utf8), headers, sealed)

            #expect(try tool.run("dlq", "list").output == "\(letters)\t0\t0\tjson_invalid\n")
            #expect(try tool.run("dlq", "list", tool.topics.users).output.isEmpty)
            #expect(try tool.run("dlq", "show", letters, "0", "0").output == "{\"a\":\n")
            #expect(try tool.run("dlq", "show", letters, "0", "1").code == 66)
            let replay = try tool.run("dlq", "replay", letters, "0", "0")
            #expect(replay.code == 0, "\(replay.errors)")
            let record = try peer.next()
            #expect(record.key == Array("acme/alice".utf8))
            #expect(record.value == Array("{\"a\":\n".utf8))
            #expect(record.headers == [KafkaHeader(name: "ce_id", value: Array("1".utf8))])

            try #require(try tool.run("keys", "rotate", "dlq").code == 0)
            #expect(try tool.run("dlq", "show", letters, "0", "0").code == 0)
        }
    }
}
