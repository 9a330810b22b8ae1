import CRdKafka
import Glibc

/// One consumer in a group, used by one thread.
///
/// Nothing is committed unless asked. Rebalances happen inside `take` (and `close`), on the caller's thread.
package final class KafkaConsumer {
    /// The offset that means "the first record there is".
    package static let beginning: Int64 = -2
    /// The offset that means "wherever the group's committed offset says", resolved by librdkafka.
    package static let stored: Int64 = -1000

    private let client: KafkaClient
    private let membership: GroupMembership
    /// For whoever has something else for this consumer's thread to do.
    package let waker: ConsumerWaker
    private let queues: PartitionQueues
    /// What does not belong to one partition: rebalances, errors.
    private let events: OpaquePointer?
    private var isClosing = false

    /// Connects in the background and asks to join the group; the first assignment comes inside a later `take`.
    ///
    /// With the property `group.instance.id` it is a static member (KIP-345): a restart within the session time-out moves no
    /// partition, and `close` does not leave the group.
    ///
    /// - Parameters:
    ///   - topics: must exist; none is ever created by reading.
    package init(
        _ settings: KafkaSettings,
        group: String,
        topics: [String]
    ) throws(KafkaError) {
        let owned = [
            "group.id": group, "enable.auto.commit": "false", "enable.auto.offset.store": "false",
            "auto.offset.reset": "earliest",
        ]
        waker = ConsumerWaker()
        queues = PartitionQueues(waker: waker)
        membership = GroupMembership(queues: queues, onError: settings.onError)
        client = try KafkaClient(
            RD_KAFKA_CONSUMER,
            settings,
            // For each partition: what it fetches ahead is held in memory, and thrown away by a rebalance. Not less than
            // a second's work, though: as long librdkafka may wait before it looks at a full queue again.
            defaults: [
                "allow.auto.create.topics": "false", "queued.min.messages": "10000",
                "queued.max.messages.kbytes": "4096",
            ],
            owned: owned,
            callbacks: KafkaClient.Callbacks(settings, membership: membership)
        )
        let raw = try client.open("subscribe")
        try KafkaError.check(rd_kafka_poll_set_consumer(raw), "subscribe")
        events = rd_kafka_queue_get_consumer(raw)
        waker.watch(events)
        let subscription = PartitionList(topics.map { TopicPartition(topic: $0, partition: -1) })
        try KafkaError.check(rd_kafka_subscribe(raw, subscription.raw), "subscribe")
    }

    deinit {
        membership.onRevoke = nil
        close()
    }

    /// Called inside `take` or `close` before partitions go, so that their owner can settle its work and commit.
    package var onRevoke: (([TopicPartition], _ lost: Bool) -> Void)? {
        get { membership.onRevoke }
        set { membership.onRevoke = newValue }
    }

    /// Waits for the first record, then takes what else is there without waiting: in turn by partition, so that none
    /// waits for more than its share of the others.
    ///
    /// Ends early when woken, and without a record at a rebalance: so look at `drainRebalances` after each call and before
    /// the next.
    ///
    /// - Parameter maxBytes: of keys and values; no record is taken once there are as many.
    /// - Throws: only a fatal error; others go to the settings' `onError`.
    package func take(
        max: Int,
        maxBytes: Int = 1_048_576,
        waitMilliseconds: Int
    ) throws(KafkaError) -> [KafkaRecord] {
        let deadline = ContinuousClock.now + .milliseconds(waitMilliseconds)
        var isWoken = waitMilliseconds <= 0
        while true {
            guard let records = try takeWhatIsThere(max: max, maxBytes: maxBytes) else { return [] }
            if !records.isEmpty || isWoken { return records }
            let left = (deadline - .now) / .milliseconds(1)
            isWoken = left <= 0 || waker.wait(milliseconds: Int32(clamping: Int(left.rounded(.up))))
        }
    }

    /// Nil at a rebalance.
    private func takeWhatIsThere(max: Int, maxBytes: Int) throws(KafkaError) -> [KafkaRecord]? {
        let raw = try client.open("take")
        let newsBefore = membership.newsCount
        while let event = rd_kafka_consumer_poll(raw, 0) {
            defer { rd_kafka_message_destroy(event) }
            try handle(event.pointee.err)
        }
        if membership.newsCount > newsBefore { return nil }
        var errors: [rd_kafka_resp_err_t] = []
        let records = queues.take(max: max, maxBytes: maxBytes) { errors.append($0) }
        for error in errors { try handle(error) }
        return records
    }

    /// The rebalances since the last call, oldest first.
    package func drainRebalances() -> [Rebalance] { membership.drain() }

    /// Reads on from `offset` (or `beginning`); what was fetched ahead of it is dropped.
    package func seek(_ partition: TopicPartition, to offset: Int64) throws(KafkaError) {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            let list = PartitionList([partition])
            list.setOffset(offset, at: 0)
            try KafkaError.check(rd_kafka_seek_partitions(client.open("seek"), list.raw, 5_000), "seek")
            // Just after an assignment the fetcher may not have started yet.
            if list.error(at: 0) == RD_KAFKA_RESP_ERR__STATE, ContinuousClock.now < deadline {
                usleep(5_000)
                continue
            }
            return try KafkaError.check(list.error(at: 0), "seek")
        }
    }

    /// Stops delivery from these partitions; they stay assigned.
    package func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_pause_partitions(client.open("pause"), list.raw), "pause")
        try list.checkEach("pause")
    }

    /// Goes on after `pause`, with the record after the last one taken.
    package func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions)
        try KafkaError.check(rd_kafka_resume_partitions(client.open("resume"), list.raw), "resume")
        try list.checkEach("resume")
    }

    /// Notes the offset of the next record to read, for `commitStored`.
    ///
    /// - Throws: when the partition is not assigned (any more).
    package func storeOffset(_ partition: TopicPartition, next: Int64) throws(KafkaError) {
        let list = PartitionList([partition])
        list.setOffset(next, at: 0)
        try KafkaError.check(rd_kafka_offsets_store(client.open("store offset"), list.raw), "store offset")
        try list.checkEach("store offset")
    }

    /// Commits what `storeOffset` has noted; nothing noted is not an error.
    ///
    /// - Parameter sync: wait for the broker's answer. Otherwise a failed commit is not heard of.
    package func commitStored(sync: Bool) throws(KafkaError) {
        let code = try rd_kafka_commit(client.open("commit"), nil, sync ? 0 : 1)
        if code != RD_KAFKA_RESP_ERR__NO_OFFSET { try KafkaError.check(code, "commit") }
    }

    /// The group's committed offsets; partitions without one are left out.
    package func committed(
        _ partitions: [TopicPartition],
        timeoutMilliseconds: Int
    ) throws(KafkaError) -> [TopicPartition: Int64] {
        let list = PartitionList(partitions)
        try KafkaError.check(
            rd_kafka_committed(client.open("committed"), list.raw, Int32(clamping: timeoutMilliseconds)),
            "committed"
        )
        try list.checkEach("committed")
        var offsets: [TopicPartition: Int64] = [:]
        for index in 0..<list.count where list.offset(at: index) >= 0 {
            offsets[list.partition(at: index)] = list.offset(at: index)
        }
        return offsets
    }

    /// The partitions that this consumer holds now.
    package var assignment: [TopicPartition] {
        var raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard let client = client.raw, rd_kafka_assignment(client, &raw) == RD_KAFKA_RESP_ERR_NO_ERROR, let raw
        else { return [] }
        return PartitionList(owning: raw).partitions
    }

    /// The first offset of the log and the one after its last, as last heard from the broker; `nil` before that.
    package func watermarks(_ partition: TopicPartition) -> (low: Int64, high: Int64)? {
        guard let raw = client.raw else { return nil }
        var low: Int64 = 0
        var high: Int64 = 0
        let code = rd_kafka_get_watermark_offsets(raw, partition.topic, partition.partition, &low, &high)
        return code == RD_KAFKA_RESP_ERR_NO_ERROR && low >= 0 && high >= 0 ? (low, high) : nil
    }

    /// As ``watermarks(_:)``, asked of the broker now.
    package func queryWatermarks(
        _ partition: TopicPartition,
        timeoutMilliseconds: Int
    ) throws(KafkaError) -> (low: Int64, high: Int64) {
        var low: Int64 = 0
        var high: Int64 = 0
        let code = rd_kafka_query_watermark_offsets(
            try client.open("watermarks"),
            partition.topic,
            partition.partition,
            &low,
            &high,
            Int32(clamping: timeoutMilliseconds)
        )
        try KafkaError.check(code, "watermarks")
        return (low, high)
    }

    /// Leaves the group (calling `onRevoke`) and frees everything. Idempotent.
    package func close() {
        guard let raw = client.raw, !isClosing else { return }
        isClosing = true
        waker.forget(events)
        rd_kafka_queue_destroy(events)
        rd_kafka_consumer_close(raw)
        queues.close()
        client.destroy()
    }

    private func handle(_ code: rd_kafka_resp_err_t) throws(KafkaError) {
        if code == RD_KAFKA_RESP_ERR__PARTITION_EOF { return }
        if code == RD_KAFKA_RESP_ERR__FATAL {
            throw client.fatalError("take") ?? KafkaError(code, operation: "take")
        }
        client.report(KafkaError(code, operation: "take"))
    }
}
