package import TokenCore

/// The heads of the audit chains at one instant, for `audit.checkpoint`: whoever keeps it can tell later whether rows
/// were changed or cut off since, by whomever.
///
/// It travels as a JWS (RFC 7515, compact) signed with Ed25519 (RFC 8037), which any JOSE library verifies.
package struct AuditCheckpoint: Equatable, Sendable {
    package struct Head: Equatable, Sendable {
        package let lane: Int32
        /// The lane's topic and partition.
        package let place: String
        package let sequence: Int64
        /// SHA-256, base64url.
        package let hash: String

        package init(lane: Int32, place: String, sequence: Int64, hash: String) {
            self.lane = lane
            self.place = place
            self.sequence = sequence
            self.hash = hash
        }
    }

    package let time: Instant
    package let heads: [Head]

    package init(time: Instant, heads: [Head]) {
        self.time = time
        self.heads = heads
    }

    /// Nil for an object of any other shape.
    package init?(_ object: JSONObject) {
        guard let time = object["time"]?.stringValue.flatMap({ Instant(rfc3339: $0) }),
            case .array(let values)? = object["heads"]
        else { return nil }
        var heads: [Head] = []
        for value in values {
            guard let head = value.objectValue.flatMap(Head.init) else { return nil }
            heads.append(head)
        }
        self.init(time: time, heads: heads)
    }

    /// What is signed, and shown beside the signature.
    package var json: JSONObject {
        ["time": .string(time.rfc3339), "heads": .array(heads.map { .object($0.json) })]
    }

    /// The signed bytes: RFC 8785 form.
    package var payload: [UInt8] { CanonicalJSON.bytes(of: .object(json)) }
}

extension AuditCheckpoint.Head {
    fileprivate init?(_ object: JSONObject) {
        guard case .integer(let lane)? = object["lane"], case .integer(let sequence)? = object["sequence"],
            let place = object["place"]?.stringValue, let hash = object["hash"]?.stringValue,
            let lane = Int32(exactly: lane)
        else { return nil }
        self.init(lane: lane, place: place, sequence: sequence, hash: hash)
    }

    fileprivate var json: JSONObject {
        [
            "lane": .integer(Int64(lane)), "place": .string(place), "sequence": .integer(sequence),
            "hash": .string(hash),
        ]
    }
}
