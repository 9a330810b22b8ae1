import TokenCrypto

/// HMAC-SHA-256 under the keys of ring `otp`, each digest behind a tag of the key that made it, so that digests of a
/// retired key are still recognised.
final class DigestKeys {
    /// Keeps digests of different things apart.
    enum Label: UInt8 {
        case otp = 1
        case context = 2
        case command = 3
        case seed = 4
    }

    private static let tagLength = DigestTag.length
    /// Tag and MAC.
    static let digestLength = tagLength + 32
    private let hmac = HMACContext(algorithm: .sha256)
    private var tags: [String: [UInt8]] = [:]
    private var keyInUse: Secret?

    /// - Precondition: the service was started with an active key of ring `otp`.
    func digest(_ message: [UInt8], label: Label, with rings: KeyRings) -> [UInt8] {
        guard let key = rings.active(.otp) else { preconditionFailure("a worker starts with a key of ring otp") }
        return tag(of: key) + mac(message, label: label, key: key)
    }

    /// Digests under every key, the active one first: what is looked up may have been made under any of them.
    func digests(_ message: [UInt8], label: Label, with rings: KeyRings) -> [[UInt8]] {
        let active = rings.active(.otp)
        let others = rings.keys.filter { $0.ring == .otp && $0.kid != active?.kid }
        return ([active].compactMap(\.self) + others).map { tag(of: $0) + mac(message, label: label, key: $0) }
    }

    /// - Parameter keys: read anew where the digest was made under a key that is not known: another worker may have read
    ///   the file first.
    func matches(_ message: [UInt8], label: Label, digest: [UInt8], with keys: KeySource) -> Bool {
        let made = Array(digest.prefix(Self.tagLength))
        func maker(_ rings: KeyRings) -> Key? { rings.keys.first { $0.ring == .otp && tag(of: $0) == made } }
        guard let key = maker(keys.rings { maker($0) != nil }) else { return false }
        return constantTimeEquals(mac(message, label: label, key: key), digest.dropFirst(Self.tagLength))
    }

    private func mac(_ message: [UInt8], label: Label, key: Key) -> [UInt8] {
        if keyInUse !== key.secret {
            hmac.setKey(key.secret)
            keyInUse = key.secret
        }
        return hmac.mac([label.rawValue] + message)
    }

    private func tag(of key: Key) -> [UInt8] {
        if let known = tags[key.kid] { return known }
        let tag = DigestTag(kid: key.kid).bytes
        tags[key.kid] = tag
        return tag
    }
}
