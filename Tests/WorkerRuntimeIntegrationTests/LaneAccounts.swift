import Contract
import Messaging
import Postgres
import Testing

extension LaneWorld {
    /// A message's place in its topic.
    private struct Place: Hashable, Comparable {
        let partition: Int32
        let offset: Int64

        static func < (left: Place, right: Place) -> Bool {
            (left.partition, left.offset) < (right.partition, right.offset)
        }
    }

    private struct Identity: Hashable {
        let topic: String
        let id: String
    }

    /// Holds what was committed against what was written:
    ///
    /// - two messages of one identity are equal, byte for byte;
    /// - what the lanes call answered is there, and in the end (`isAtRest`) everything that was committed;
    /// - of each lane's messages the first writings come in the order of the decisions;
    /// - nothing was written that was not committed.
    func expectAccountsBalance(isAtRest: Bool = true, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var first: [Identity: (place: Place, record: KafkaRecord)] = [:]
        for record in try records(of: topics.replies, topics.events, topics.notifications) {
            let identity = Identity(topic: record.topic, id: record.text(.id) ?? "")
            let place = Place(partition: record.partition, offset: record.offset)
            guard let known = first[identity] else {
                first[identity] = (place, record)
                continue
            }
            let isEqual =
                known.record.value == record.value && known.record.headers == record.headers
                && known.record.key == record.key
            #expect(isEqual, "a message was written again with other bytes", sourceLocation: sourceLocation)
            if place < known.place { first[identity] = (place, record) }
        }

        var last: [String: Place] = [:]
        var committed: Set<Identity> = []
        for row in try committedMessages() {
            for message in row.messages {
                let identity = Identity(topic: message.topic, id: message.text(.id) ?? "")
                committed.insert(identity)
                guard let place = first[identity]?.place else {
                    #expect(
                        !isAtRest && !row.isAnswered,
                        "a message was committed and not written",
                        sourceLocation: sourceLocation
                    )
                    continue
                }
                let way = "\(row.lane) \(message.topic) \(place.partition)"
                if let before = last[way] {
                    #expect(before < place, "the first answers are out of order", sourceLocation: sourceLocation)
                }
                last[way] = place
            }
        }
        #expect(
            Set(first.keys).subtracting(committed).isEmpty,
            "written, not committed",
            sourceLocation: sourceLocation
        )
    }

    private func committedMessages() throws -> [(lane: Int32, isAnswered: Bool, messages: [WireMessage])] {
        let result = try sql(
            """
            SELECT i.lane_id, i.batch_seq <= l.answered_through, i.messages
            FROM inbox i JOIN lane l USING (lane_id) ORDER BY i.lane_id, i.batch_seq, i.position
            """
        )
        return try result.rows.map { row in
            (result.int32(row, 0), result.bool(row, 1), try WireMessageCodec.decode(result.bytes(row, 2)))
        }
    }
}

extension WireMessage {
    func text(_ header: Header) -> String? {
        headers.first { $0.name == header.name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
}
