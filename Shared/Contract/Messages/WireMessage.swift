/// A header of a record.
package struct WireHeader: Sendable, Equatable {
    /// As written; Kafka keeps case.
    package var name: String
    /// Nil is a null value, which Kafka tells from an empty one.
    package var value: [UInt8]?

    /// Any header, with bytes.
    package init(_ name: String, _ value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// A header of the contract, with a text.
    package init(_ header: Header, _ value: String) {
        self.init(header.name, Array(value.utf8))
    }

    package static func == (left: WireHeader, right: WireHeader) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.value == right.value
    }
}

/// A record to be written, byte for byte: what the inbox stores and the producer sends.
package struct WireMessage: Sendable, Equatable {
    /// Where it goes.
    package var topic: String
    /// Nil: the partitioner decides, by the key.
    package var partition: Int32?
    /// Nil only on a dead letter that came without one.
    package var key: [UInt8]?
    /// In their order on the wire.
    package var headers: [WireHeader]
    /// Nil is a tombstone.
    package var value: [UInt8]?

    package init(topic: String, partition: Int32? = nil, key: [UInt8]?, headers: [WireHeader], value: [UInt8]?) {
        self.topic = topic
        self.partition = partition
        self.key = key
        self.headers = headers
        self.value = value
    }
}

extension WireMessage: CustomStringConvertible, CustomReflectable {
    /// Topic and sizes; contents can be anything.
    package var description: String {
        "message to \(topic), \(headers.count) headers, \(value?.count ?? 0) bytes"
    }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
