/// One header of a record. Kafka allows a header without a value, and several of one name.
package struct KafkaHeader: Sendable, Equatable {
    package var name: String
    package var value: [UInt8]?

    package init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }
}

/// One partition of one topic.
package struct TopicPartition: Hashable, Comparable, Sendable {
    package var topic: String
    package var partition: Int32

    package init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// By topic (Unicode order), then by partition number.
    package static func < (left: Self, right: Self) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

/// Who set a record's timestamp.
package enum TimestampType: Sendable {
    /// The record has no timestamp.
    case none
    /// The producer's clock.
    case createTime
    /// The broker's clock, when it appended the record.
    case logAppendTime
}

/// A record as read from a topic; its bytes are a copy of its own.
package struct KafkaRecord: Sendable, Equatable {
    package var topic: String
    package var partition: Int32
    package var offset: Int64
    /// Milliseconds since 1970-01-01 UTC; -1 when `timestampType` is `.none`.
    package var timestamp: Int64
    package var timestampType: TimestampType
    /// `nil` and empty differ.
    package var key: [UInt8]?
    /// `nil` (a tombstone) and empty differ.
    package var value: [UInt8]?
    package var headers: [KafkaHeader]

    package init(
        topic: String,
        partition: Int32,
        offset: Int64,
        timestamp: Int64,
        timestampType: TimestampType,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [KafkaHeader]
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.timestamp = timestamp
        self.timestampType = timestampType
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// Where the record was read.
    package var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }
}

/// A message to be written.
package struct OutgoingMessage: Sendable, Equatable {
    package var topic: String
    /// `nil`: chosen by the key (murmur2, as Java's clients do), at random without a key.
    package var partition: Int32?
    package var key: [UInt8]?
    package var value: [UInt8]?
    package var headers: [KafkaHeader]

    package init(
        topic: String,
        partition: Int32? = nil,
        key: [UInt8]? = nil,
        value: [UInt8]?,
        headers: [KafkaHeader] = []
    ) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.value = value
        self.headers = headers
    }
}

// Keys, values and headers may hold one-time passwords: no description or mirror shows them.

extension KafkaHeader: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { name }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension KafkaRecord: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(topic)[\(partition)] at \(offset)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror {
        Mirror(self, children: ["topic": topic, "partition": partition, "offset": offset])
    }
}

extension OutgoingMessage: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "message to \(topic)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["topic": topic]) }
}
