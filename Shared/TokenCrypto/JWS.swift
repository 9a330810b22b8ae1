/// Compact signatures (RFC 7515 §7.1) by Ed25519 (RFC 8037 §3.1): what the audit trail's checkpoints travel in.
package enum JWS {
    /// Longest text that is looked at, in bytes.
    package static let maximumLength = 1 << 20

    /// The payload, signed.
    ///
    /// - Precondition: the key is an Ed25519 pair.
    package static func sign(_ payload: [UInt8], with key: Key) -> String {
        let header = Base64URL.encode(Array(#"{"alg":"EdDSA","kid":"\#(key.kid)"}"#.utf8))
        let signed = header + "." + Base64URL.encode(payload)
        return signed + "." + Base64URL.encode(Ed25519.sign(Array(signed.utf8), with: key.secret))
    }

    /// The payload of a signature that one of the keys made.
    ///
    /// - Parameter publicKey: by name; nil where there is none of that name.
    /// - Returns: nil for any other text: no compact JWS, another algorithm, an unknown key, a wrong signature.
    package static func open(_ text: String, publicKey: (String) -> [UInt8]?) -> [UInt8]? {
        guard text.utf8.count <= maximumLength else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0].utf8),
            let payload = Base64URL.decode(parts[1].utf8), let signature = Base64URL.decode(parts[2].utf8),
            let kid = keyName(in: header), let key = publicKey(kid),
            Ed25519.isValid(signature, of: Array((parts[0] + "." + parts[1]).utf8), publicKey: key)
        else { return nil }
        return payload
    }

    /// The name in a header of the form that ``sign(_:with:)`` writes; nil for any other.
    private static func keyName(in header: [UInt8]) -> String? {
        let prefix = #"{"alg":"EdDSA","kid":""#
        let text = String(decoding: header, as: UTF8.self)
        guard text.hasPrefix(prefix), text.hasSuffix(#""}"#) else { return nil }
        let name = String(text.dropFirst(prefix.count).dropLast(2))
        return Key.isValidName(name) ? name : nil
    }
}
