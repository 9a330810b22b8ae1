import CRdKafka

/// An idempotent producer, used by one thread.
///
/// It never gives a message up by itself, however long the broker is away: the owner decides, by `purge`.
package final class KafkaProducer {
    private let settings: KafkaSettings
    private var client: KafkaClient
    private let deliveries = DeliveryReports()
    private var topics = TopicCatalogue()

    /// How long `produce` waits for room in the queue before it leaves messages behind.
    private static let queuePatience = Duration.seconds(10)
    private static let anyPartition: Int32 = -1

    /// Connects in the background.
    package init(_ settings: KafkaSettings) throws(KafkaError) {
        self.settings = settings
        client = try Self.connect(settings, deliveries)
    }

    deinit { close() }

    /// Hands the messages over in order and returns at once, unless the queue is full.
    ///
    /// A message that is refused at once (too large, a partition that does not exist, no room for 10 s) ends the
    /// handing over, so that no later message overtakes it: it is marked with its error in the batch, and those
    /// after it with `_PURGE_QUEUE`. A message that the broker refuses later does not stop the others.
    ///
    /// Ask `partitionCount` first where a topic may be missing: some brokers create what is written to, and with the
    /// others a message waits for half a minute before it fails with `_UNKNOWN_TOPIC`.
    ///
    /// - Throws: only a fatal error.
    package func produce(_ messages: some Collection<OutgoingMessage>) throws(KafkaError) -> ProduceBatch {
        let raw = try client.open("produce")
        let batch = deliveries.open(messages.count)
        for (index, message) in messages.enumerated() {
            let code = handOver(message, raw, tag: DeliveryReports.tag(batch, index))
            if code == RD_KAFKA_RESP_ERR_NO_ERROR { continue }
            if let fatal = client.fatalError("produce") {
                deliveries.close(batch)
                throw fatal
            }
            batch.settle(index, KafkaError(code, operation: "produce"))
            batch.abandon(from: index + 1, RD_KAFKA_RESP_ERR__PURGE_QUEUE)
            break
        }
        if batch.isSettled { deliveries.close(batch) }
        return batch
    }

    /// Waits until every message of the batch is acknowledged or failed, at most so long.
    ///
    /// Sends at once whatever `linger.ms` says, and other batches with it.
    package func wait(for batch: ProduceBatch, timeoutMilliseconds: Int) -> ProduceResult {
        let deadline = ContinuousClock.now + .milliseconds(timeoutMilliseconds)
        repeat {
            let left = max(deadline - .now, .zero) / Duration.milliseconds(1)
            if !batch.isSettled, let raw = client.raw { rd_kafka_flush(raw, Int32(clamping: Int(left.rounded(.up)))) }
        } while !batch.isSettled && ContinuousClock.now < deadline

        let failures = batch.failures
        if !failures.isEmpty { return .failed(failures) }
        return batch.isSettled ? .acknowledged : .pending
    }

    /// Drops everything that is queued or under way and marks it failed, and recovers from a fatal error.
    /// What was under way may still be written. Free when nothing was and nothing is wrong.
    ///
    /// A fresh client takes over: after `rd_kafka_purge` an idempotent client would have to raise its epoch, which
    /// not every broker grants, while a new producer id needs no one's memory.
    package func purge() {
        if deliveries.isEmpty, fatalError == nil { return }
        deliveries.abandonAll()
        client.destroy()
        do {
            client = try Self.connect(settings, deliveries)
        } catch {
            settings.onError?(error)
        }
    }

    /// The number of a topic's partitions, `nil` if there is no such topic; never creates one.
    ///
    /// Remembered for a minute; that a topic is missing, for a tenth of a second.
    ///
    /// - Throws: when the broker could not be asked in time and nothing is remembered.
    package func partitionCount(of topic: String, timeoutMilliseconds: Int) throws(KafkaError) -> Int32? {
        try topics.partitionCount(of: topic) { () throws(KafkaError) in
            try TopicCatalogue.list(client, timeoutMilliseconds: timeoutMilliseconds)
        }
    }

    /// The error that made this producer useless, if one did: `purge` makes it usable again.
    package var fatalError: KafkaError? { client.fatalError("produce") }

    /// Frees everything; messages that are not acknowledged yet may be lost. Idempotent.
    package func close() {
        deliveries.abandonAll()
        client.destroy()
    }

    private static func connect(
        _ settings: KafkaSettings,
        _ deliveries: DeliveryReports
    ) throws(KafkaError) -> KafkaClient {
        try KafkaClient(
            RD_KAFKA_PRODUCER,
            settings,
            // A dead letter of the largest record, sealed, is larger than librdkafka's own limit.
            defaults: ["linger.ms": "0", "message.max.bytes": "2097152"],
            owned: [
                "enable.idempotence": "true", "acks": "all", "message.timeout.ms": "0",
                "partitioner": "murmur2_random",
            ],
            callbacks: KafkaClient.Callbacks(settings, deliveries: deliveries)
        )
    }

    /// Queues one message, serving reports while there is no room.
    private func handOver(_ message: OutgoingMessage, _ raw: OpaquePointer, tag: UnsafeMutableRawPointer?)
        -> rd_kafka_resp_err_t
    {
        var deadline: ContinuousClock.Instant?
        while true {
            let code = enqueue(message, raw, tag: tag)
            guard code == RD_KAFKA_RESP_ERR__QUEUE_FULL else { return code }
            let giveUp = deadline ?? .now + Self.queuePatience
            deadline = giveUp
            if ContinuousClock.now > giveUp { return code }
            rd_kafka_poll(raw, 10)
        }
    }

    private func enqueue(_ message: OutgoingMessage, _ raw: OpaquePointer, tag: UnsafeMutableRawPointer?)
        -> rd_kafka_resp_err_t
    {
        let headers = message.headers.isEmpty ? nil : makeHeaders(message.headers)
        let code = withBytes(message.key) { key, keySize in
            withBytes(message.value) { value, valueSize in
                user_tokens_rd_kafka_producev(
                    raw,
                    message.topic,
                    message.partition ?? Self.anyPartition,
                    key,
                    keySize,
                    value,
                    valueSize,
                    headers,
                    tag
                )
            }
        }
        // librdkafka takes the headers over only on success.
        if code != RD_KAFKA_RESP_ERR_NO_ERROR, let headers { rd_kafka_headers_destroy(headers) }
        return code
    }
}

private func makeHeaders(_ headers: [KafkaHeader]) -> OpaquePointer? {
    let raw = rd_kafka_headers_new(headers.count)
    for header in headers {
        withBytes(header.value) { value, size in
            _ = rd_kafka_header_add(raw, header.name, -1, value, size)
        }
    }
    return raw
}

private let oneByte: [UInt8] = [0]

/// Calls `body` with the bytes: a null pointer for `nil`, any other pointer for none.
private func withBytes<Result>(_ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Result) -> Result {
    guard let bytes else { return body(nil, 0) }
    return (bytes.isEmpty ? oneByte : bytes).withUnsafeBytes { body($0.baseAddress, bytes.count) }
}
