import TokenCore

/// What a takeover finds: the lane under its new epoch, and what is committed but not yet acknowledged.
package struct Takeover: Sendable {
    package let lane: LaneRow
    /// The messages of each owed inbox row, in the order in which they have to be sent.
    package let owed: [[UInt8]]
}
