import CRdKafka

extension KafkaRecord {
    /// Copies a message that librdkafka still owns.
    init(_ message: UnsafeMutablePointer<rd_kafka_message_t>, topic: String) {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let timestamp = rd_kafka_message_timestamp(message, &type)
        self.init(
            topic: topic,
            partition: message.pointee.partition,
            offset: message.pointee.offset,
            timestamp: timestamp,
            timestampType: TimestampType(type),
            key: bytes(message.pointee.key, message.pointee.key_len),
            value: bytes(message.pointee.payload, message.pointee.len),
            headers: readHeaders(message)
        )
    }
}

private func readHeaders(_ message: UnsafePointer<rd_kafka_message_t>) -> [KafkaHeader] {
    var raw: OpaquePointer?
    guard rd_kafka_message_headers(message, &raw) == RD_KAFKA_RESP_ERR_NO_ERROR, let raw else { return [] }
    var headers: [KafkaHeader] = []
    headers.reserveCapacity(rd_kafka_header_cnt(raw))
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(raw, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name {
        headers.append(KafkaHeader(name: String(cString: name), value: bytes(value, size)))
    }
    return headers
}

private func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
}

extension TimestampType {
    fileprivate init(_ type: rd_kafka_timestamp_type_t) {
        switch type {
        case RD_KAFKA_TIMESTAMP_CREATE_TIME: self = .createTime
        case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: self = .logAppendTime
        default: self = .none
        }
    }
}
