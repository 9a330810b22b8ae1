import CRdKafka

/// Which topics there are, asked without creating any, and remembered for a while.
struct TopicCatalogue {
    private var counts: [String: Int32] = [:]
    private var askedAt: ContinuousClock.Instant?
    /// Until when a name counts as missing without being asked for again. By name: a topic may have been made since
    /// another one was looked for.
    private var absentUntil: [String: ContinuousClock.Instant] = [:]

    private static let presentFor = Duration.seconds(60)
    private static let absentFor = Duration.seconds(1)

    mutating func partitionCount(
        of topic: String,
        _ client: KafkaClient,
        timeoutMilliseconds: Int
    ) throws(KafkaError) -> Int32? {
        let known = counts[topic]
        let now = ContinuousClock.now
        if let known, let askedAt, now - askedAt < Self.presentFor { return known }
        if let end = absentUntil[topic], now < end { return nil }
        do {
            counts = try Self.list(client, timeoutMilliseconds: timeoutMilliseconds)
            askedAt = now
            absentUntil = absentUntil.filter { now < $0.value }
            if counts[topic] == nil { absentUntil[topic] = now + Self.absentFor }
            return counts[topic]
        } catch {
            guard let known else { throw error }
            return known
        }
    }

    /// Every topic with the number of its partitions.
    ///
    /// All topics are asked for: asking for one by name creates it where the broker allows that.
    static func list(_ client: KafkaClient, timeoutMilliseconds: Int) throws(KafkaError) -> [String: Int32] {
        var answer: UnsafePointer<rd_kafka_metadata>?
        let code = try rd_kafka_metadata(client.open("metadata"), 1, nil, &answer, Int32(clamping: timeoutMilliseconds))
        try KafkaError.check(code, "metadata")
        guard let answer else { return [:] }
        defer { rd_kafka_metadata_destroy(answer) }

        var counts: [String: Int32] = [:]
        for topic in UnsafeBufferPointer(start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt))
        where topic.err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART {
            counts[String(cString: topic.topic)] = topic.partition_cnt
        }
        return counts
    }
}
