import CRdKafka

/// Reads partitions without sharing them with anybody: for tools, not for workers. Used by one thread.
///
/// It joins no group and commits nothing; several readers of one partition all see every record.
package final class KafkaReader {
    /// Where reading a partition begins.
    package enum Start: Sendable {
        /// The first record there is.
        case beginning
        /// What is written from now on: settled when `read` returns, not when the first record is fetched.
        case end
        /// This record, or the first one after it.
        case offset(Int64)
    }

    private let client: KafkaClient
    private var partitions: Set<TopicPartition> = []
    private var finished: Set<TopicPartition> = []

    /// Connects in the background.
    package init(_ settings: KafkaSettings) throws(KafkaError) {
        client = try KafkaClient(
            RD_KAFKA_CONSUMER,
            settings,
            // The end of a partition is told only after a fetch that waited in vain.
            defaults: ["allow.auto.create.topics": "false", "fetch.wait.max.ms": "100"],
            owned: [
                // librdkafka assigns nothing to a client without a group; nobody else is ever in this one.
                "group.id": "reader-\(UInt64.random(in: 0 ... .max))",
                "enable.auto.commit": "false", "enable.auto.offset.store": "false",
                "auto.offset.reset": "earliest", "enable.partition.eof": "true",
            ],
            callbacks: KafkaClient.Callbacks(settings)
        )
        try KafkaError.check(rd_kafka_poll_set_consumer(client.open("read")), "read")
    }

    deinit { close() }

    /// Every topic with the number of its partitions; creates none.
    package func list(timeoutMilliseconds: Int) throws(KafkaError) -> [String: Int32] {
        try TopicCatalogue.list(client, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// Reads these partitions from now on, in place of those before.
    ///
    /// - Parameter timeoutMilliseconds: how long the broker is waited for, partition by partition, to tell an end.
    package func read(
        _ partitions: [TopicPartition],
        from start: Start,
        timeoutMilliseconds: Int
    ) throws(KafkaError) {
        let raw = try client.open("read")
        let list = PartitionList(partitions)
        for (index, partition) in partitions.enumerated() {
            let offset: Int64 =
                switch start {
                case .beginning: KafkaConsumer.beginning
                case .offset(let offset): offset
                case .end: try end(of: partition, timeoutMilliseconds: timeoutMilliseconds)
                }
            list.setOffset(offset, at: index)
        }
        try KafkaError.check(rd_kafka_assign(raw, list.raw), "read")
        self.partitions = Set(partitions)
        finished = []
    }

    /// Whether every partition was read to its end at least once.
    package var hasReachedEnd: Bool { finished == partitions }

    /// Waits for the first record, or for news of an end, then takes what else is there without waiting.
    ///
    /// - Throws: only a fatal error; others go to the settings' `onError`.
    package func take(max: Int, waitMilliseconds: Int) throws(KafkaError) -> [KafkaRecord] {
        let raw = try client.open("take")
        var records: [KafkaRecord] = []
        var wait = Int32(clamping: waitMilliseconds)
        while records.count < max, let message = rd_kafka_consumer_poll(raw, wait) {
            defer { rd_kafka_message_destroy(message) }
            wait = 0
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                records.append(KafkaRecord(message, topic: String(cString: rd_kafka_topic_name(message.pointee.rkt))))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF:
                let topic = String(cString: rd_kafka_topic_name(message.pointee.rkt))
                finished.insert(TopicPartition(topic: topic, partition: message.pointee.partition))
            case RD_KAFKA_RESP_ERR__FATAL:
                throw client.fatalError("take") ?? KafkaError(message.pointee.err, operation: "take")
            case let code:
                client.report(KafkaError(code, operation: "take"))
            }
        }
        return records
    }

    /// Frees everything. Idempotent.
    package func close() {
        guard let raw = client.raw else { return }
        rd_kafka_consumer_close(raw)
        client.destroy()
    }

    private func end(of partition: TopicPartition, timeoutMilliseconds: Int) throws(KafkaError) -> Int64 {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = try rd_kafka_query_watermark_offsets(
            client.open("end"),
            partition.topic,
            partition.partition,
            &low,
            &high,
            Int32(clamping: timeoutMilliseconds)
        )
        try KafkaError.check(code, "end")
        return high
    }
}
