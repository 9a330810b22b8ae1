import CRdKafka

/// Which topics there are, asked without creating any, and remembered for a while.
struct TopicCatalogue {
    private var counts: [String: Int32] = [:]
    private var askedAt: ContinuousClock.Instant?

    private static let presentFor = Duration.seconds(60)
    /// How long a topic that was not there is not asked for again, whichever: whoever writes names may write many.
    private static let absentFor = Duration.milliseconds(100)

    /// - Parameter list: asks the broker for all topics.
    mutating func partitionCount(
        of topic: String,
        now: ContinuousClock.Instant = .now,
        list: () throws(KafkaError) -> [String: Int32]
    ) throws(KafkaError) -> Int32? {
        let known = counts[topic]
        if let askedAt, now - askedAt < (known == nil ? Self.absentFor : Self.presentFor) { return known }
        do {
            counts = try list()
            askedAt = now
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
