import CRdKafka

/// A topic to be created.
package struct TopicSpec: Sendable, Equatable {
    package var name: String
    package var partitions: Int32
    /// -1: the broker's default.
    package var replicationFactor: Int32
    /// The broker's topic configuration, such as `retention.ms`.
    package var configuration: [String: String]

    package init(
        name: String,
        partitions: Int32,
        replicationFactor: Int32 = -1,
        configuration: [String: String] = [:]
    ) {
        self.name = name
        self.partitions = partitions
        self.replicationFactor = replicationFactor
        self.configuration = configuration
    }
}

/// What the broker made of one topic of a request.
package enum TopicResult: Equatable, Sendable {
    case done
    /// Creating: it was there already. Deleting: it was not there.
    case alreadySo
    case failed(KafkaError)
}

/// Creates, deletes and lists topics. Used by one thread.
package final class KafkaAdmin {
    private let client: KafkaClient
    private let queue: OpaquePointer?

    /// Connects in the background.
    package init(_ settings: KafkaSettings) throws(KafkaError) {
        client = try KafkaClient(
            RD_KAFKA_PRODUCER,
            settings,
            defaults: [:],
            owned: [:],
            callbacks: KafkaClient.Callbacks(settings)
        )
        queue = rd_kafka_queue_new(try client.open("create client"))
    }

    deinit { close() }

    /// Creates topics and waits until the broker has answered. Topics that exist stay as they are.
    ///
    /// - Returns: a result for each name.
    /// - Throws: when the request as a whole failed.
    package func create(
        _ topics: [TopicSpec],
        timeoutMilliseconds: Int
    ) throws(KafkaError) -> [String: TopicResult] {
        if topics.isEmpty { return [:] }
        let raw = try client.open("create topics")
        var requests: [OpaquePointer?] = []
        defer { for request in requests { rd_kafka_NewTopic_destroy(request) } }
        for topic in topics {
            guard let request = rd_kafka_NewTopic_new(topic.name, topic.partitions, topic.replicationFactor, nil, 0)
            else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, operation: "create topics") }
            requests.append(request)
            for (name, value) in topic.configuration {
                try KafkaError.check(rd_kafka_NewTopic_set_config(request, name, value), "create topics")
            }
        }
        let options = makeOptions(raw, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeoutMilliseconds)
        defer { rd_kafka_AdminOptions_destroy(options) }
        rd_kafka_CreateTopics(raw, &requests, requests.count, options, queue)
        return try results("create topics", timeoutMilliseconds) { event, count in
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count)
        }
    }

    /// Deletes topics and waits until the broker has answered.
    ///
    /// - Returns: a result for each name.
    /// - Throws: when the request as a whole failed.
    package func delete(_ names: [String], timeoutMilliseconds: Int) throws(KafkaError) -> [String: TopicResult] {
        if names.isEmpty { return [:] }
        let raw = try client.open("delete topics")
        var requests = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { for request in requests { rd_kafka_DeleteTopic_destroy(request) } }
        let options = makeOptions(raw, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeoutMilliseconds)
        defer { rd_kafka_AdminOptions_destroy(options) }
        rd_kafka_DeleteTopics(raw, &requests, requests.count, options, queue)
        return try results("delete topics", timeoutMilliseconds) { event, count in
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count)
        }
    }

    /// Every topic with the number of its partitions.
    package func list(timeoutMilliseconds: Int) throws(KafkaError) -> [String: Int32] {
        try TopicCatalogue.list(client, timeoutMilliseconds: timeoutMilliseconds)
    }

    /// Frees everything. Idempotent.
    package func close() {
        if client.raw == nil { return }
        rd_kafka_queue_destroy(queue)
        client.destroy()
    }

    private func makeOptions(_ raw: OpaquePointer, _ operation: rd_kafka_admin_op_t, _ timeoutMilliseconds: Int)
        -> OpaquePointer?
    {
        let options = rd_kafka_AdminOptions_new(raw, operation)
        let timeout = Int32(clamping: timeoutMilliseconds)
        rd_kafka_AdminOptions_set_request_timeout(options, timeout, nil, 0)
        // The broker's own limit for the work, so that "done" means that the topic is there.
        rd_kafka_AdminOptions_set_operation_timeout(options, timeout, nil, 0)
        return options
    }

    private func results(
        _ operation: String,
        _ timeoutMilliseconds: Int,
        _ topics: (OpaquePointer, UnsafeMutablePointer<Int>) -> UnsafeMutablePointer<OpaquePointer?>?
    ) throws(KafkaError) -> [String: TopicResult] {
        // librdkafka answers by itself when the request's time is over; a second more is only a net.
        guard let event = rd_kafka_queue_poll(queue, Int32(clamping: timeoutMilliseconds + 1_000)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, operation: operation)
        }
        defer { rd_kafka_event_destroy(event) }
        try KafkaError.check(rd_kafka_event_error(event), operation)

        var count = 0
        var byName: [String: TopicResult] = [:]
        for answer in UnsafeBufferPointer(start: topics(event, &count), count: count) {
            let result: TopicResult =
                switch rd_kafka_topic_result_error(answer) {
                case RD_KAFKA_RESP_ERR_NO_ERROR: .done
                case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: .alreadySo
                case let code: .failed(KafkaError(code, operation: operation))
                }
            byName[String(cString: rd_kafka_topic_result_name(answer))] = result
        }
        return byName
    }
}
