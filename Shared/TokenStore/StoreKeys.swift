package import TokenCore
import TokenCrypto

/// Short keys that stand for longer names: the first 16 bytes of a SHA-256, as a UUID.
package enum StoreKeys {
    /// The user's key in every table that is keyed by user.
    package static func user(_ user: UserKey) -> UUIDValue {
        digest([user.tenant, user.userID])
    }

    /// Identity of a command within its tenant: SHA-256(tenant ‖ 0 ‖ source ‖ 0 ‖ id).
    package static func command(tenant: String, source: String, id: String) -> UUIDValue {
        digest([tenant, source, id])
    }

    /// Identity of a record that carries none of its own, or another command's: its place in the log and its timestamp.
    package static func record(topic: String, partition: Int32, offset: Int64, timestamp: Int64) -> UUIDValue {
        digest(["record", topic, "\(partition).\(offset).\(timestamp)"])
    }

    /// Identity of what a scan found for a user.
    package static func scan(of user: UserKey, at instant: Instant) -> UUIDValue {
        digest(["scan", user.tenant, user.userID, "\(instant.microseconds)"])
    }

    /// Identity of what a scan found in a tenant's stock: a look is at few of its devices, so the first of them tells
    /// looks apart that have the same instant.
    package static func scan(ofStock tenant: String, first device: TokenID, at instant: Instant) -> UUIDValue {
        digest(["stock", tenant, "\(device)", "\(instant.microseconds)"])
    }

    /// Identity of a checkpoint of the audit trail.
    package static func checkpoint(at instant: Instant) -> UUIDValue {
        digest(["checkpoint", "\(instant.microseconds)"])
    }

    /// What the lane row remembers of its last record: key and timestamp.
    package static func lastRecord(key: [UInt8]?, timestamp: Int64) -> UUIDValue {
        var form = Array("last".utf8) + [0]
        form += key ?? []
        form += [0] + Array("\(timestamp)".utf8)
        return UUIDValue(prefix: Digest.sha256(form))
    }

    /// The name by which commands ask for a device.
    static func device(_ device: DeviceKey) -> UUIDValue {
        digest(["device", device.tenant, device.serial])
    }

    /// The scope that a sending limit counts for; the schema's function `otp_scope_key` computes the same.
    static func scope(_ scope: SendLedger.Scope) -> UUIDValue {
        switch scope {
        case .user(let user): digest(["user", user.tenant, user.userID])
        case .destination(let address): digest(["destination", address])
        case .prefix(let prefix): digest(["prefix", prefix])
        case .tenant(let tenant): digest(["tenant", tenant])
        }
    }

    /// SHA-256 over the parts with a zero byte between them, which none of them holds.
    private static func digest(_ parts: [String]) -> UUIDValue {
        var form: [UInt8] = []
        form.reserveCapacity(parts.reduce(0) { $0 + $1.utf8.count + 1 })
        for (index, part) in parts.enumerated() {
            if index > 0 { form.append(0) }
            form.append(contentsOf: part.utf8)
        }
        return UUIDValue(prefix: Digest.sha256(form))
    }
}

extension UUIDValue {
    /// The first 16 bytes, big-endian.
    ///
    /// - Precondition: there are 16 or more.
    package init(prefix bytes: [UInt8]) {
        var words: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            words.0 = words.0 << 8 | UInt64(bytes[index])
            words.1 = words.1 << 8 | UInt64(bytes[index + 8])
        }
        self.init(high: words.0, low: words.1)
    }

    /// The 16 bytes, big-endian.
    package var bytes: [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(16)
        for word in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return result
    }
}
