/// How the key that encrypts the content comes about: JWE's `alg` (RFC 7518 §4), of the two that are used here.
package enum JWEAlgorithm: String, Sendable {
    /// The key of the ring itself (§4.5).
    case direct = "dir"
    /// A new key for each message, wrapped with the key of the ring (§4.4).
    case a256KW = "A256KW"
}

/// A JWE protected header (RFC 7516 §4) of our one profile.
struct JWEHeader {
    static let maximumLength = 1_024
    let algorithm: JWEAlgorithm
    let kid: String

    /// Reads a decoded header.
    ///
    /// Only `alg`, `enc`, `kid` and `typ` may be there: every other member either asks for work before anything is
    /// authentic (`zip`, `p2c`, `epk`, `jku`, `x5u`…), or says that ignoring it would be wrong (`crit`), or says that the
    /// plaintext is not what it must be (`cty`).
    init(_ bytes: UnsafeRawBufferPointer) throws(JWEError) {
        let root: JSONNode
        do { root = try JSONReader.read(bytes) } catch { throw .malformed }
        guard case .object(let members) = root else { throw .malformed }
        var algorithm: String?
        var encryption: String?
        var kid: String?
        for member in members {
            guard ["alg", "enc", "kid", "typ"].contains(member.name) else { throw .unsupportedMember }
            guard case .string(let text) = member.value else { throw .malformed }
            let value = JSONReader.string(text, in: bytes)
            switch member.name {
            case "alg": algorithm = value
            case "enc": encryption = value
            case "kid": kid = value
            default: break
            }
        }
        guard let algorithm, let encryption else { throw .malformed }
        guard let algorithm = JWEAlgorithm(rawValue: algorithm), encryption == "A256GCM" else {
            throw .unsupportedAlgorithm
        }
        guard let kid, Key.isValidName(kid) else { throw .missingKeyID }
        self.algorithm = algorithm
        self.kid = kid
    }

    /// The header of what a key seals, in base64url.
    static func encoded(algorithm: JWEAlgorithm, kid: String) -> [UInt8] {
        Base64URL.encodeBytes("{\"alg\":\"\(algorithm.rawValue)\",\"enc\":\"A256GCM\",\"kid\":\"\(kid)\"}".utf8)
    }
}
