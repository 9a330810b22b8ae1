/// Whether the audit trail is whole: each lane's rows form one chain that ends at the lane's head.
///
/// Who can write to the database can also compute a new chain; what was published of the heads before, and signed, finds
/// that out (``AuditCheckpoint``).
package struct AuditVerification {
    /// The first thing that is wrong with a lane.
    package struct Defect: Equatable, Sendable, CustomStringConvertible {
        package enum Kind: String, Sendable {
            /// The row does not have the hash that its content and the row before give: it, or its place, was changed.
            case changed = "was changed, or is out of its order"
            case missing = "is missing"
            case doubled = "is there twice"
            /// Rows up to the lane's head, or to what a checkpoint saw, are gone.
            case cutOff = "is missing at the end"
            /// A checkpoint saw another row in its place.
            case rewritten = "is not the one that a checkpoint saw"
            case headless = "belongs to no lane"
        }

        package let lane: Int32
        package let place: String
        package let sequence: Int64
        package let kind: Kind

        package var description: String { "lane \(lane) (\(place)): row \(sequence) \(kind.rawValue)" }
    }

    /// What was looked at.
    package private(set) var rows = 0
    package private(set) var lanes = 0
    package private(set) var defects: [Defect] = []

    private let log: AuditLog
    /// What checkpoints saw, by lane and row.
    private let seen: [Int32: [Int64: [UInt8]]]

    /// - Parameter checkpoints: heads that were published, of whatever time.
    package init(_ log: AuditLog, checkpoints: [AuditHead] = []) {
        self.log = log
        var seen: [Int32: [Int64: [UInt8]]] = [:]
        for head in checkpoints { seen[head.lane, default: [:]][head.sequence] = head.hash }
        self.seen = seen
    }

    /// Looks at every lane; of each, the first defect is kept.
    package mutating func run() throws {
        try log.withSnapshot {
            let anchors = try log.anchors()
            let heads = try log.heads()
            for head in heads { try check(head, after: anchors[head.lane]) }
            let known = Set(heads.map(\.lane))
            for lane in Set(try log.lanes()).union(seen.keys).subtracting(known).sorted() {
                defects.append(Defect(lane: lane, place: "-", sequence: 1, kind: .headless))
            }
        }
    }

    private mutating func check(_ head: AuditHead, after anchor: AuditHead?) throws {
        lanes += 1
        var chain = AuditChain(
            sequence: anchor?.sequence ?? 0,
            hash: anchor?.hash ?? AuditLog.origin,
            seen: seen[head.lane] ?? [:]
        )
        try log.forEachRow(ofLane: head.lane) { chain.append($0) }
        rows += chain.count
        chain.end(at: head)
        if let (sequence, kind) = chain.defect {
            defects.append(Defect(lane: head.lane, place: head.place, sequence: sequence, kind: kind))
        }
    }
}

/// The rows of one lane, one after the other. Pure.
struct AuditChain {
    private(set) var sequence: Int64
    private(set) var hash: [UInt8]
    private(set) var count = 0
    private(set) var defect: (sequence: Int64, kind: AuditVerification.Defect.Kind)?
    private let seen: [Int64: [UInt8]]

    init(sequence: Int64, hash: [UInt8], seen: [Int64: [UInt8]]) {
        self.sequence = sequence
        self.hash = hash
        self.seen = seen
    }

    mutating func append(_ row: AuditRow) {
        guard defect == nil else { return }
        count += 1
        guard row.sequence == sequence + 1 else {
            defect = row.sequence > sequence ? (sequence + 1, .missing) : (row.sequence, .doubled)
            return
        }
        sequence = row.sequence
        let expected = AuditTrail.hash(of: row.entry, sequence: row.sequence, after: hash)
        guard expected == row.hash else {
            defect = (sequence, .changed)
            return
        }
        hash = row.hash
        if let published = seen[sequence], published != hash { defect = (sequence, .rewritten) }
    }

    /// All rows were appended: they have to reach the lane's head, and what was published of it.
    mutating func end(at head: AuditHead) {
        guard defect == nil else { return }
        let reached = max(head.sequence, seen.keys.max() ?? 0)
        if sequence < reached {
            defect = (sequence + 1, .cutOff)
        } else if sequence > head.sequence || hash != head.hash {
            defect = (sequence, .changed)
        }
    }
}
