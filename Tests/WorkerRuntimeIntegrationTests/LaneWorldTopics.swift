import Contract
import Messaging
import Testing
import TokenCore

extension LaneWorld {
    /// Writes a command in binary mode and waits until the broker has it.
    func write(
        _ type: CommandType,
        id: String,
        user: String = "alice",
        partition: Int32? = nil,
        _ data: JSONObject
    ) throws {
        try write([command(type, id: id, user: user, partition: partition, data)])
    }

    /// Enrols a token for text messages.
    func enroll(_ id: String, user: String = "alice", partition: Int32? = nil, phone: String = "+41791234567") throws {
        let data: JSONObject = ["tokenType": "sms", "phone": .string(phone)]
        try write(.enrollToken, id: id, user: user, partition: partition, data)
    }

    func command(
        _ type: CommandType,
        id: String,
        user: String = "alice",
        partition: Int32? = nil,
        _ data: JSONObject
    ) -> OutgoingMessage {
        let headers: [(Header, String)] = [
            (.specVersion, "1.0"), (.id, id), (.source, "/test/client"), (.type, type.rawValue),
            (.contentType, "application/json"),
        ]
        return OutgoingMessage(
            topic: topics.name(of: type.topic ?? .enrollment),
            partition: partition,
            key: Array("default/\(user)".utf8),
            value: data.serialized(),
            headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
        )
    }

    func write(_ messages: [OutgoingMessage]) throws {
        let producer = try client.get()
        let batch = try producer.produce(messages)
        guard case .acknowledged = producer.wait(for: batch, timeoutMilliseconds: 10_000) else {
            throw TimedOut(what: "a command to be written")
        }
    }

    /// All records that the topics have now.
    func records(of topics: String...) throws -> [KafkaRecord] {
        let reader = try KafkaReader(kafka)
        defer { reader.close() }
        let all = topics.flatMap { topic in (0..<partitions).map { TopicPartition(topic: topic, partition: $0) } }
        try reader.read(all, from: .beginning, timeoutMilliseconds: 10_000)
        var records: [KafkaRecord] = []
        try wait("the end of \(topics)") {
            records += try reader.take(max: 10_000, waitMilliseconds: 100)
            return reader.hasReachedEnd
        }
        return records
    }

    func replies() throws -> [Reply] {
        try records(of: topics.replies).map(Reply.init)
    }
}

/// A reply as a client sees it.
struct Reply {
    /// The reply's own.
    let id: String
    /// The command's id.
    let cause: String?
    let data: JSONObject
    let value: [UInt8]

    init(_ record: KafkaRecord) throws {
        id = record.text(.id) ?? ""
        cause = record.text(.causationID)
        value = record.value ?? []
        data = try JSONParser.parse(value).objectValue ?? [:]
    }

    var status: String? { data["status"]?.stringValue }
    var code: String? { data["code"]?.stringValue }
    var result: JSONObject? { data["result"]?.objectValue }
    /// The token's id, in `result.token` or `result`.
    var tokenID: String? {
        result?["token"]?.objectValue?["tokenId"]?.stringValue ?? result?["tokenId"]?.stringValue
    }
}

extension KafkaRecord {
    func text(_ header: Header) -> String? {
        headers.first { $0.name == header.name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
}
