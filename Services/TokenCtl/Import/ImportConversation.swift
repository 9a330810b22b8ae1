import Contract
import Messaging
import TokenCore
import TokenCrypto
import WorkerRuntime

/// Sends commands of one import and waits for the answer to each: they share a key, so they are handled one by one anyway.
struct ImportConversation {
    private let broker: BrokerSettings
    private let replies: ReplyReader
    private let producer: KafkaProducer
    private let timeout: Patience

    init(_ broker: BrokerSettings, timeout: Patience) throws {
        self.broker = broker
        self.timeout = timeout
        replies = try ReplyReader(broker, replyTo: nil)
        guard replies.isTopic(broker.topics.commandsEnrollment) else {
            replies.close()
            throw ProcessExit(missingTopic: broker.topics.commandsEnrollment)
        }
        producer = try KafkaProducer(broker.kafka)
    }

    /// What became of a batch.
    ///
    /// - Throws: where there is no answer in time, or none that can be understood.
    func answer(to batch: ImportBatch, tenant: String) throws -> ImportAnswer {
        let words = SecureRandom.words(2)
        let draft = CommandDraft(
            type: .importTokens,
            key: Array("\(tenant)/~import".utf8),
            tenant: tenant,
            id: UUIDValue(version7: .now, random: (words[0], words[1])).description,
            source: CommandDraft.defaultSource,
            replyTo: nil,
            data: batch.data
        )
        try broker.write(draft.message(broker.topics), with: producer)
        guard let reply = try replies.reply(to: draft, within: timeout.duration) else {
            throw ProcessExit(ProcessExit.temporaryFailure, "no answer within \(timeout); running it again is harmless")
        }
        guard let answer = ImportAnswer(reply) else {
            throw ProcessExit(ProcessExit.refused, "an answer that is none to token.import")
        }
        return answer
    }

    func close() {
        producer.close()
        replies.close()
    }
}

/// The reply to a `token.import`.
enum ImportAnswer: Equatable {
    case done(imported: Int, skipped: [Skipped])
    /// The batch as a whole.
    case rejected(code: String)

    struct Skipped: Equatable {
        let serial: String
        let code: String
    }

    /// - Parameter data: the reply's data; nil for any other form.
    init?(_ data: [UInt8]) {
        let parsed: JSONValue
        do throws(JSONError) {
            parsed = try JSONParser.parse(data)
        } catch {
            return nil
        }
        guard let reply = parsed.objectValue else { return nil }
        switch reply["status"]?.stringValue {
        case "ok":
            guard let result = reply["result"]?.objectValue, case .integer(let imported)? = result["imported"],
                let count = Int(exactly: imported), count >= 0, case .array(let skipped) = result["skipped"] ?? []
            else { return nil }
            self = .done(imported: count, skipped: skipped.compactMap(Self.skipped))
        case "rejected":
            guard let code = reply["code"]?.stringValue else { return nil }
            self = .rejected(code: code)
        default: return nil
        }
    }

    private static func skipped(_ value: JSONValue) -> Skipped? {
        guard let object = value.objectValue, let serial = object["serial"]?.stringValue,
            let code = object["code"]?.stringValue
        else { return nil }
        return Skipped(serial: serial, code: code)
    }
}
