import Messaging

/// Which records are finished, so that a group's offset never passes one that is not. Pure.
struct OffsetLedger {
    private struct Log {
        /// The next offset to store.
        var next: Int64
        var taken: Set<Int64> = []
        var highest: Int64
    }

    private var logs: [TopicPartition: Log] = [:]

    mutating func take(_ place: RecordPlace) {
        var log = logs[place.partition] ?? Log(next: place.offset, highest: place.offset)
        if log.taken.isEmpty, place.offset > log.highest { log.next = max(log.next, place.offset) }
        log.taken.insert(place.offset)
        log.highest = max(log.highest, place.offset)
        logs[place.partition] = log
    }

    /// - Returns: the partition's offset to store, where it has moved.
    mutating func finish(_ place: RecordPlace) -> Int64? {
        guard var log = logs[place.partition], log.taken.remove(place.offset) != nil else { return nil }
        let next = log.taken.min() ?? log.highest + 1
        defer { logs[place.partition] = log }
        guard next > log.next else { return nil }
        log.next = next
        return next
    }

    /// How many records of a partition are not finished.
    func held(in partition: TopicPartition) -> Int { logs[partition]?.taken.count ?? 0 }

    mutating func forget(_ partition: TopicPartition) {
        logs[partition] = nil
    }
}
