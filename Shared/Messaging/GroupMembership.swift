import CRdKafka

/// A partition that the group has given to this consumer.
package struct AssignedPartition: Equatable, Sendable {
    package var partition: TopicPartition
    /// The group's committed offset (the next one to read); `nil` when there is none or it is not known.
    package var committed: Int64?
    /// `false` when the group could not be asked in time; reading then starts where librdkafka finds it right.
    package var isCommittedKnown: Bool
    /// Where reading starts: one record before `committed` but not before the log, `KafkaConsumer.beginning` when
    /// nothing is committed, `KafkaConsumer.stored` when it is not known.
    package var start: Int64

    package init(partition: TopicPartition, committed: Int64?, isCommittedKnown: Bool, start: Int64) {
        self.partition = partition
        self.committed = committed
        self.isCommittedKnown = isCommittedKnown
        self.start = start
    }
}

/// A change of this consumer's assignment.
package enum Rebalance: Equatable, Sendable {
    /// These partitions have come. Records of them are taken only afterwards.
    case assigned([AssignedPartition])
    /// These have gone. `lost`: the group gave them away before this consumer knew; nothing can be committed any more.
    case revoked([TopicPartition], lost: Bool)
}

/// Follows the group's rebalances on the thread that polls.
final class GroupMembership {
    var onRevoke: (([TopicPartition], _ lost: Bool) -> Void)?
    private var happened: [Rebalance] = []
    private var isCooperative = false
    private let queues: PartitionQueues
    private let onError: (@Sendable (KafkaError) -> Void)?

    private static let patienceMilliseconds: Int32 = 10_000

    init(queues: PartitionQueues, onError: (@Sendable (KafkaError) -> Void)?) {
        self.queues = queues
        self.onError = onError
    }

    var newsCount: Int { happened.count }

    func drain() -> [Rebalance] {
        defer { happened = [] }
        return happened
    }

    /// librdkafka's rebalance callback.
    func rebalance(_ client: OpaquePointer, _ code: rd_kafka_resp_err_t, _ partitions: borrowing PartitionList) {
        // A client that is closing no longer tells; it has what it had.
        if let name = rd_kafka_rebalance_protocol(client) { isCooperative = String(cString: name) == "COOPERATIVE" }
        do {
            switch code {
            case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
                let assigned = findStarts(client, partitions)
                queues.open(client, partitions.partitions)
                try assign(client, partitions, isCooperative)
                happened.append(.assigned(assigned))
            case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
                let gone = partitions.partitions
                let isLost = rd_kafka_assignment_lost(client) != 0
                onRevoke?(gone, isLost)
                try unassign(client, partitions, isCooperative)
                let all = Set(gone)
                queues.close { all.contains($0) }
                happened.append(.revoked(gone, lost: isLost))
            default:
                onError?(KafkaError(code, operation: "rebalance"))
                try KafkaError.check(rd_kafka_assign(client, nil), "unassign")
                queues.close()
            }
        } catch {
            onError?(error)
        }
        // Records of the new assignment belong to the next `take`.
        rd_kafka_yield(client)
    }

    private func assign(
        _ client: OpaquePointer,
        _ partitions: borrowing PartitionList,
        _ isCooperative: Bool
    ) throws(KafkaError) {
        if isCooperative {
            try KafkaError.check(rd_kafka_incremental_assign(client, partitions.raw), "assign")
        } else {
            try KafkaError.check(rd_kafka_assign(client, partitions.raw), "assign")
        }
    }

    private func unassign(
        _ client: OpaquePointer,
        _ partitions: borrowing PartitionList,
        _ isCooperative: Bool
    ) throws(KafkaError) {
        if isCooperative {
            try KafkaError.check(rd_kafka_incremental_unassign(client, partitions.raw), "unassign")
        } else {
            try KafkaError.check(rd_kafka_assign(client, nil), "unassign")
        }
    }

    /// Sets each partition's first offset: one record before the committed one, so that the lane can see whether the
    /// log is still the log it knows (a topic may have been created anew).
    private func findStarts(_ client: OpaquePointer, _ partitions: borrowing PartitionList) -> [AssignedPartition] {
        let names = partitions.partitions
        if names.isEmpty { return [] }
        let committed = PartitionList(names)
        let code = rd_kafka_committed(client, committed.raw, Self.patienceMilliseconds)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR { onError?(KafkaError(code, operation: "committed")) }
        let lows = lowWatermarks(client, names)

        return names.indices.map { index in
            var assigned = AssignedPartition(
                partition: names[index],
                committed: nil,
                isCommittedKnown: code == RD_KAFKA_RESP_ERR_NO_ERROR
                    && committed.error(at: index) == RD_KAFKA_RESP_ERR_NO_ERROR,
                start: KafkaConsumer.stored
            )
            if assigned.isCommittedKnown {
                let offset = committed.offset(at: index)
                assigned.committed = offset >= 0 ? offset : nil
                // Below the low watermark of a log that could not be asked, the broker itself resets to the earliest.
                assigned.start = offset > 0 ? max(offset - 1, lows[names[index]] ?? 0) : KafkaConsumer.beginning
            }
            partitions.setOffset(assigned.start, at: index)
            return assigned
        }
    }

    private func lowWatermarks(_ client: OpaquePointer, _ partitions: [TopicPartition]) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        // "The offset at time -2" is the earliest one, in the protocol's ListOffsets.
        for index in 0..<list.count { list.setOffset(KafkaConsumer.beginning, at: index) }
        let code = rd_kafka_offsets_for_times(client, list.raw, Self.patienceMilliseconds)
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
            onError?(KafkaError(code, operation: "low watermark"))
            return [:]
        }
        var lows: [TopicPartition: Int64] = [:]
        for index in 0..<list.count where list.error(at: index) == RD_KAFKA_RESP_ERR_NO_ERROR {
            lows[list.partition(at: index)] = list.offset(at: index)
        }
        return lows
    }
}
