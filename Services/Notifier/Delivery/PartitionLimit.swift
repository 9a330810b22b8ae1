import Messaging

/// Which partitions are to be paused, so that what is held of one never keeps out another's: each has an equal share of
/// the room, and is taken from again when half of its share has left. Pure.
struct PartitionLimit {
    /// Records of all partitions together.
    let capacity: Int
    /// Those that are assigned, and whether they are known to be paused.
    private var isPaused: [TopicPartition: Bool] = [:]

    init(capacity: Int) { self.capacity = capacity }

    /// One that left while it was paused comes back paused.
    mutating func assign(_ partition: TopicPartition) { isPaused[partition] = true }

    mutating func revoke(_ partition: TopicPartition) { isPaused[partition] = nil }

    typealias Changes = (pause: [TopicPartition], resume: [TopicPartition])

    /// What has to change.
    ///
    /// - Parameter held: how many records of a partition are held.
    func changes(held: (TopicPartition) -> Int) -> Changes {
        let share = capacity / max(1, isPaused.count)
        var (pause, resume): ([TopicPartition], [TopicPartition]) = ([], [])
        for (partition, paused) in isPaused {
            let count = held(partition)
            if !paused, count >= max(1, share) { pause.append(partition) }
            if paused, count <= share / 2 { resume.append(partition) }
        }
        return (pause.sorted(), resume.sorted())
    }

    /// The changes are made.
    mutating func note(_ changes: Changes) {
        for partition in changes.pause { isPaused[partition] = true }
        for partition in changes.resume { isPaused[partition] = false }
    }
}
