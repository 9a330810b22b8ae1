import CRdKafka

/// A `rd_kafka_topic_partition_list_t`, freed with its owner unless it was only borrowed from a callback.
struct PartitionList: ~Copyable {
    let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    private let isBorrowed: Bool

    /// A list of one's own; every offset is "none" (`RD_KAFKA_OFFSET_INVALID`) at first.
    init(_ partitions: some Collection<TopicPartition>) {
        raw = rd_kafka_topic_partition_list_new(Int32(partitions.count))
        isBorrowed = false
        for partition in partitions {
            rd_kafka_topic_partition_list_add(raw, partition.topic, partition.partition)
        }
    }

    /// Takes over a list that librdkafka has given away.
    init(owning raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        self.raw = raw
        isBorrowed = false
    }

    /// A list that librdkafka keeps, valid during a callback.
    init(borrowing raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
        self.raw = raw
        isBorrowed = true
    }

    deinit {
        if !isBorrowed { rd_kafka_topic_partition_list_destroy(raw) }
    }

    var count: Int { Int(raw.pointee.cnt) }

    var partitions: [TopicPartition] {
        var partitions: [TopicPartition] = []
        for index in 0..<count { partitions.append(partition(at: index)) }
        return partitions
    }

    func partition(at index: Int) -> TopicPartition {
        let element = raw.pointee.elems[index]
        return TopicPartition(topic: String(cString: element.topic), partition: element.partition)
    }

    func offset(at index: Int) -> Int64 { raw.pointee.elems[index].offset }

    func setOffset(_ offset: Int64, at index: Int) { raw.pointee.elems[index].offset = offset }

    func error(at index: Int) -> rd_kafka_resp_err_t { raw.pointee.elems[index].err }

    /// Throws the first partition's error, if there is one.
    func checkEach(_ operation: String) throws(KafkaError) {
        for index in 0..<count { try KafkaError.check(error(at: index), operation) }
    }
}
