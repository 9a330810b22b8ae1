import CRdKafka

/// What was fetched of the partitions that a consumer holds, each partition by itself. In the one queue that librdkafka
/// would make of them a record waits behind all that was fetched before it: one partition's flood would stop the others.
final class PartitionQueues {
    private var turns = FairTurns<Queue>(share: 8)
    private let waker: ConsumerWaker

    private final class Queue {
        let partition: TopicPartition
        let raw: OpaquePointer

        init(partition: TopicPartition, raw: OpaquePointer) {
            self.partition = partition
            self.raw = raw
        }
    }

    /// - Parameter waker: woken by what comes into an empty queue.
    init(waker: ConsumerWaker) { self.waker = waker }

    /// To be called before the partitions are assigned: what is fetched before goes elsewhere.
    func open(_ client: OpaquePointer, _ partitions: [TopicPartition]) {
        close { partitions.contains($0) }
        for partition in partitions {
            guard let raw = rd_kafka_queue_get_partition(client, partition.topic, partition.partition) else { continue }
            rd_kafka_queue_forward(raw, nil)
            waker.watch(raw)
            turns.add(Queue(partition: partition, raw: raw))
        }
    }

    /// To be called after the partitions have gone, and before the client does.
    func close(where isGone: (TopicPartition) -> Bool = { _ in true }) {
        turns.remove { queue in
            guard isGone(queue.partition) else { return false }
            waker.forget(queue.raw)
            while let message = rd_kafka_consume_queue(queue.raw, 0) { rd_kafka_message_destroy(message) }
            rd_kafka_queue_destroy(queue.raw)
            return true
        }
    }

    /// Takes records in turn by partition, at most `max`, and none more once they have `maxBytes` of keys and values.
    ///
    /// - Parameter onError: what a partition has to tell in the place of a record.
    func take(max: Int, maxBytes: Int, onError: (rd_kafka_resp_err_t) -> Void) -> [KafkaRecord] {
        var records: [KafkaRecord] = []
        var bytes = 0
        turns.serve(until: { records.count >= max || bytes >= maxBytes }) { queue in
            guard let message = rd_kafka_consume_queue(queue.raw, 0) else { return nil }
            defer { rd_kafka_message_destroy(message) }
            let size = message.pointee.len + message.pointee.key_len
            if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
                records.append(KafkaRecord(message, topic: queue.partition.topic))
                bytes += size
            } else {
                onError(message.pointee.err)
            }
            // A large record is about as much work as many small ones.
            return 1 + size / 1_024
        }
        return records
    }
}
