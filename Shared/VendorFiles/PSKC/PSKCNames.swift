import TokenCrypto

/// Names of RFC 6030 and of what it is built of.
enum PSKCNames {
    static let namespace = "urn:ietf:params:xml:ns:keyprov:pskc"
    static let signature: Set<String> = ["http://www.w3.org/2000/09/xmldsig#"]
    static let encryption: Set<String> = ["http://www.w3.org/2001/04/xmlenc#"]
    static let encryption11: Set<String> = ["http://www.w3.org/2009/xmlenc11#"]
    private static let pkcs5 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"

    /// Where elements of a key's derivation stand: RFC 6030's figure 7 leaves the inner ones without any namespace.
    static let derivation = encryption11.union([pkcs5, "", namespace])

    static func isPBKDF2(_ algorithm: String) -> Bool {
        encryption11.union([pkcs5]).contains { $0 + "pbkdf2" == algorithm }
    }

    /// Bytes of the key of a cipher that is read; nil for another.
    static func keyLength(ofCipher algorithm: String) -> Int? {
        switch algorithm {
        case "http://www.w3.org/2001/04/xmlenc#aes128-cbc": 16
        case "http://www.w3.org/2001/04/xmlenc#aes192-cbc": 24
        case "http://www.w3.org/2001/04/xmlenc#aes256-cbc": 32
        default: nil
        }
    }

    /// Whether a cipher takes a public key.
    static func isAsymmetric(_ algorithm: String) -> Bool { algorithm.contains("#rsa") }

    /// The hash of an HMAC, as MACs and PBKDF2's PRF are named. Tools differ in the part before the `#`.
    static func hmac(_ algorithm: String) -> HMACAlgorithm? {
        switch algorithm.split(separator: "#").last?.lowercased() {
        case "hmac-sha1", "hmac-sha-1": .sha1
        case "hmac-sha256", "hmac-sha-256": .sha256
        case "hmac-sha512", "hmac-sha-512": .sha512
        default: nil
        }
    }

    /// The profile of a key (RFC 6030 §10.1, and the drafts' forms that vendors still write).
    static func kind(_ algorithm: String) throws(SkippedReason) -> SeedKind {
        let prefixes = [namespace + ":", namespace + "#", "http://www.ietf.org/keyprov/pskc#"]
        guard let prefix = prefixes.first(where: algorithm.hasPrefix) else {
            throw .unsupported("an unknown key profile")
        }
        switch algorithm.dropFirst(prefix.count).lowercased() {
        case "hotp": return .hotp
        case "totp": return .totp
        case "ocra", "ocra-1": throw .unsupported("an OCRA key")
        case "pin": throw .unsupported("a PIN, no key")
        default: throw .unsupported("an unknown key profile")
        }
    }
}
