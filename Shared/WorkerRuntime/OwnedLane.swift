package import Messaging
package import TokenCore
package import TokenStore

/// What a worker knows of a lane that Kafka assigned to it. The row in the store is the truth; this is the worker's
/// memory of it, worthless after a takeover by another.
package struct OwnedLane: Sendable {
    package let id: LaneID
    package let partition: TopicPartition
    /// Nil: the lane has to be taken over before anything is handled.
    package var epoch: Int64?
    /// The highest batch that is acknowledged whole, with all before it.
    package var acknowledged: Int64 = 0
    /// What of `acknowledged` the row already says.
    package var marked: Int64 = 0
    /// Where to read on after a fault.
    package var resumeAt: Int64
    /// The record one before the group's offset, which tells whether the log is still the same.
    package var probe: Probe?

    package struct Probe: Sendable, Equatable {
        package let offset: Int64
        /// What the lane row says of its last record, where that is this one.
        package var lastRecord: UUIDValue?
    }
}
