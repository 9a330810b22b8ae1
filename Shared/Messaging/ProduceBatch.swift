import CRdKafka

/// Messages that were handed to a producer together, and what has become of each.
package final class ProduceBatch {
    let id: UInt32
    private var outcomes: [Outcome]
    private var pendingCount: Int

    private enum Outcome {
        case pending
        case acknowledged
        case failed(KafkaError)
    }

    init(id: UInt32, count: Int) {
        self.id = id
        self.outcomes = Array(repeating: .pending, count: count)
        self.pendingCount = count
    }

    /// The number of messages.
    package var count: Int { outcomes.count }

    /// Every message is acknowledged or failed.
    package var isSettled: Bool { pendingCount == 0 }

    /// The first message that is not known to be written, if there is one: where to go on after `purge`.
    package var firstUnacknowledged: Int? { outcomes.indices.first { !isAcknowledged($0) } }

    /// The broker has written this message.
    package func isAcknowledged(_ index: Int) -> Bool {
        if case .acknowledged = outcomes[index] { true } else { false }
    }

    /// The messages that failed, in their order.
    package var failures: [(index: Int, error: KafkaError)] {
        outcomes.enumerated().compactMap { index, outcome in
            if case .failed(let error) = outcome { (index, error) } else { nil }
        }
    }

    /// Records a message's outcome; only its first one counts.
    func settle(_ index: Int, _ error: KafkaError?) {
        guard outcomes.indices.contains(index), case .pending = outcomes[index] else { return }
        outcomes[index] = error.map(Outcome.failed) ?? .acknowledged
        pendingCount -= 1
    }

    /// Gives up on every message that is still pending, from `start` on.
    func abandon(from start: Int = 0, _ code: rd_kafka_resp_err_t) {
        let error = KafkaError(code, operation: "produce")
        for index in outcomes.indices.dropFirst(start) { settle(index, error) }
    }
}

/// How far a batch has come.
package enum ProduceResult: Sendable {
    /// Every message is written.
    case acknowledged
    /// Nothing has failed so far, and something is not acknowledged yet.
    case pending
    /// These messages failed. Others of the batch may be written or still under way: see `ProduceBatch`.
    case failed([(index: Int, error: KafkaError)])
}

/// Sorts librdkafka's delivery reports to the batches they belong to.
final class DeliveryReports {
    private var outstanding: [UInt32: ProduceBatch] = [:]
    private var lastID: UInt32 = 0

    /// No message is queued or under way.
    var isEmpty: Bool { outstanding.isEmpty }

    func open(_ count: Int) -> ProduceBatch {
        lastID = lastID == .max ? 1 : lastID + 1
        let batch = ProduceBatch(id: lastID, count: count)
        outstanding[batch.id] = batch
        return batch
    }

    func close(_ batch: ProduceBatch) { outstanding[batch.id] = nil }

    /// Gives up on every batch; reports that still come for them are ignored.
    func abandonAll() {
        for batch in outstanding.values { batch.abandon(RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) }
        outstanding = [:]
    }

    /// A message's tag: batch and index in the bits of a pointer, never null.
    static func tag(_ batch: ProduceBatch, _ index: Int) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: UInt(batch.id) << 32 | UInt(index))
    }

    /// librdkafka's delivery report callback.
    func report(_ message: UnsafePointer<rd_kafka_message_t>) {
        let tag = UInt(bitPattern: message.pointee._private)
        guard let batch = outstanding[UInt32(truncatingIfNeeded: tag >> 32)] else { return }
        let code = message.pointee.err
        let error = code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, operation: "produce")
        batch.settle(Int(tag & 0xFFFF_FFFF), error)
        if batch.isSettled { close(batch) }
    }
}
