package import TokenCore

/// The truth about one lane: who works on it, and how far it is.
package struct LaneRow: Equatable, Sendable {
    package let id: LaneID
    /// Raised by each takeover; a batch under an older one rolls back.
    package var epoch: Int64
    /// The last committed batch.
    package var batchSequence: Int64
    /// The highest batch that is acknowledged whole, with all before it.
    package var answeredThrough: Int64
    /// Where a takeover begins to look for what has to be sent again.
    package var unansweredSince: Instant?
    package var nextOffset: Int64
    /// Fingerprint of the record at `nextOffset` - 1.
    package var lastRecord: UUIDValue?
    /// Time never goes back within a lane.
    package var lastAt: Instant
    package var auditSequence: Int64
    package var auditHash: [UInt8]
}

/// The row of a lane: a partition of a command topic, or a shard of the scanner's work.
package struct LaneID: Hashable, Comparable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static func < (left: LaneID, right: LaneID) -> Bool {
        left.rawValue < right.rawValue
    }
}
