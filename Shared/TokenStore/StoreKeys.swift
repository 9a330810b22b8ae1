package import TokenCore
import TokenCrypto

/// Short keys that stand for longer names: the first 16 bytes of a SHA-256, as a UUID.
package enum StoreKeys {
    /// The user's key in every table that is keyed by user.
    package static func user(_ user: UserKey) -> UUIDValue {
        digest(Array(user.tenant.utf8), Array(user.userID.utf8))
    }

    /// Identity of a command within its tenant: SHA-256(tenant ‖ 0 ‖ source ‖ 0 ‖ id).
    package static func command(tenant: String, source: String, id: String) -> UUIDValue {
        digest(Array(tenant.utf8), Array(source.utf8), Array(id.utf8))
    }

    /// Identity of a record that carries none of its own, or another command's: its place in the log and its timestamp.
    package static func record(topic: String, partition: Int32, offset: Int64, timestamp: Int64) -> UUIDValue {
        digest(Array("record".utf8), Array(topic.utf8), Array("\(partition).\(offset).\(timestamp)".utf8))
    }

    /// Identity of what a scan found for a user.
    package static func scan(of user: UserKey, at instant: Instant) -> UUIDValue {
        digest(
            Array("scan".utf8),
            Array(user.tenant.utf8),
            Array(user.userID.utf8),
            Array("\(instant.microseconds)".utf8)
        )
    }

    /// What the lane row remembers of its last record: key and timestamp.
    package static func lastRecord(key: [UInt8]?, timestamp: Int64) -> UUIDValue {
        digest(Array("last".utf8), key ?? [], Array("\(timestamp)".utf8))
    }

    /// The scope that a sending limit counts for; the schema's function `otp_scope_key` computes the same.
    static func scope(_ scope: SendLedger.Scope) -> UUIDValue {
        switch scope {
        case .user(let user): digest(Array("user".utf8), Array(user.tenant.utf8), Array(user.userID.utf8))
        case .destination(let address): digest(Array("destination".utf8), Array(address.utf8))
        case .prefix(let prefix): digest(Array("prefix".utf8), Array(prefix.utf8))
        case .tenant(let tenant): digest(Array("tenant".utf8), Array(tenant.utf8))
        }
    }

    private static func digest(_ parts: [UInt8]...) -> UUIDValue {
        UUIDValue(prefix: Digest.sha256(Array(parts.joined(separator: [0]))))
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
