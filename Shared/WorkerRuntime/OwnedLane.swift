import Messaging
import TokenCore
import TokenStore

/// What a worker knows of a lane that Kafka assigned to it. The row in the store is the truth; this is the worker's
/// memory of it, worthless after a takeover by another.
struct OwnedLane: Sendable {
    let id: LaneID
    let partition: TopicPartition
    /// Nil: the lane has to be taken over before anything is handled.
    var epoch: Int64?
    /// The highest batch that is acknowledged whole, with all before it.
    var acknowledged: Int64 = 0
    /// What of `acknowledged` the row already says.
    var marked: Int64 = 0
    /// Where to read on after a fault.
    var resumeAt: Int64
    /// The record one before the group's offset, which tells whether the log is still the same.
    var probe: Probe?

    struct Probe: Sendable, Equatable {
        let offset: Int64
        /// What the lane row says of its last record, where that is this one.
        var lastRecord: UUIDValue?
        /// It was still awaited when the lanes were looked after.
        var isOverdue = false
    }
}
