import CommandSigning
import Contract
import Messaging
import TokenCore
import TokenStore

/// What the records of a topic are.
package enum TopicRole: Sendable {
    /// - maximumAge: seconds that a command may have waited; nil: only the inbox's window counts.
    case commands(HandlerTable, maximumAge: Int64?)
    case directory(any DirectoryHandler)
}

/// Decodes records: the first stage of a batch, pure but for the question whether a reply topic exists.
struct Intake {
    private let roles: [String: TopicRole]
    private let topics: Topics
    private let replyTopics: ReplyTopicRule
    /// Nil where commands are not signed.
    private let signatures: CommandVerifier?
    /// The number of a topic's partitions; nil where there is no such topic.
    private let partitions: (String) throws -> Int32?

    init(
        roles: [String: TopicRole],
        topics: Topics,
        replyTopics: ReplyTopicRule,
        signatures: CommandVerifier?,
        partitions: @escaping (String) throws -> Int32?
    ) {
        self.roles = roles
        self.topics = topics
        self.replyTopics = replyTopics
        self.signatures = signatures
        self.partitions = partitions
    }

    /// - Throws: only where the broker can't be asked for a reply topic: a fault, not a refusal.
    func arrival(_ record: KafkaRecord, lane: LaneID) throws -> Arrival {
        switch roles[record.topic] {
        case .commands(let handlers, let maximumAge):
            try command(record, lane: lane, handlers: handlers, maximumAge: maximumAge)
        case .directory:
            directory(record, lane: lane)
        case nil:
            preconditionFailure("a record of a topic that was not subscribed")
        }
    }

    func directoryHandler(of topic: String) -> (any DirectoryHandler)? {
        guard case .directory(let handler) = roles[topic] else { return nil }
        return handler
    }

    private func command(
        _ record: KafkaRecord,
        lane: LaneID,
        handlers: HandlerTable,
        maximumAge: Int64?
    ) throws -> Arrival {
        switch EnvelopeDecoder.decode(record) {
        case .refused(let undecodable):
            let target = try replyTarget(undecodable.reply)
            return Arrival(
                record: record,
                lane: lane,
                key: StoreKeys.record(record),
                work: .undecodable(undecodable, target ?? defaultTarget)
            )
        case .command(let envelope):
            let target = try replyTarget(envelope.reply)
            let content = Result { () throws(Rejection) in try handlers.prepare(envelope) }
            let command = CommandArrival(
                envelope: envelope,
                user: UserKey(envelope.recordKey),
                reply: target ?? defaultTarget,
                replyRefusal: target == nil ? Rejection(.replyTopicNotAllowed) : nil,
                content: content,
                signature: signatures.map { signatures in
                    Result { () throws(SignatureFault) in try signatures.verify(envelope) }
                },
                maximumAge: maximumAge
            )
            return Arrival(
                record: record,
                lane: lane,
                key: StoreKeys.command(tenant: envelope.tenant, source: envelope.source, id: envelope.id),
                work: .command(command)
            )
        }
    }

    private func directory(_ record: KafkaRecord, lane: LaneID) -> Arrival {
        let work: Arrival.Work
        switch DirectoryChange.decode(record) {
        case .replaced(let key, let entry): work = .directory(key, entry)
        case .removed(let key): work = .directory(key, nil)
        case .refused(let reason, _): work = .deadDirectoryRecord(reason)
        }
        return Arrival(record: record, lane: lane, key: StoreKeys.record(record), work: work)
    }

    private var defaultTarget: ReplyTarget { ReplyTarget(topic: topics.replies, partition: nil) }

    /// Nil where the topic may not be named or does not exist.
    private func replyTarget(_ route: ReplyRoute) throws -> ReplyTarget? {
        let topic = route.topic ?? topics.replies
        guard route.topic == nil || replyTopics.allows(topic) else { return nil }
        guard route.topic != nil || route.partition != nil else { return defaultTarget }
        guard let count = try partitions(topic) else { return nil }
        let partition = route.partition.flatMap { (0..<count).contains($0) ? $0 : nil }
        return ReplyTarget(topic: topic, partition: partition)
    }
}

extension StoreKeys {
    static func record(_ record: KafkaRecord) -> UUIDValue {
        Self.record(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp
        )
    }
}

extension UserKey {
    init(_ key: RecordKey) {
        self.init(tenant: key.tenant, userID: key.userID)
    }
}

extension EnvelopeDecoder {
    static func decode(_ record: KafkaRecord) -> DecodedCommand {
        decode(headers: record.headers.map { ($0.name, $0.value) }, key: record.key, value: record.value)
    }
}

extension DirectoryChange {
    static func decode(_ record: KafkaRecord) -> DirectoryChange {
        decode(headers: record.headers.map { ($0.name, $0.value) }, key: record.key, value: record.value)
    }
}
