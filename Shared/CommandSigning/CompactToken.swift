package import Contract
import TokenCrypto

/// A JWT as it stands in the header `authorization`: JWS compact serialization (RFC 7515 §7.1), taken apart and not yet
/// believed.
///
/// Stricter than the RFC allows a reader to be: one spelling for each token, so that none can be varied unnoticed.
package struct CompactToken {
    /// The longest token that is looked at, in bytes.
    package static let maximumLength = 8_192

    package let header: JSONObject
    package let claims: JSONObject
    /// What is signed: the first two parts as received.
    package let signingInput: [UInt8]
    package let signature: [UInt8]

    /// Members that would have to be understood (`crit`, `b64`, `zip`, `enc`) or that bring a key along: none is.
    private static let refusedMembers = ["crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"]

    /// - Parameter authorization: the header, whole.
    package init(authorization: SensitiveText?) throws(SignatureFault) {
        guard let text = authorization?.exposed, text.prefix(7).lowercased() == "bearer " else { throw .unsigned }
        try self.init(Array(text.utf8.dropFirst(7)))
    }

    package init(_ token: [UInt8]) throws(SignatureFault) {
        guard token.count <= Self.maximumLength else { throw .tooLong }
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let signature = Base64URL.decode(parts[2]), !signature.isEmpty else {
            throw .malformed
        }
        header = try Self.object(parts[0])
        claims = try Self.object(parts[1])
        signingInput = Array(token[..<parts[1].endIndex])
        self.signature = signature
        guard !Self.refusedMembers.contains(where: { header[$0] != nil }) else { throw .headerNotAllowed }
        if let type = header["typ"] {
            guard type.stringValue?.lowercased() == "jwt" else { throw .headerNotAllowed }
        }
    }

    /// `alg`; nil where it is no string.
    package var algorithm: String? { header["alg"]?.stringValue }

    /// `kid`; nil where it is no string.
    package var kid: String? { header["kid"]?.stringValue }

    private static func object(_ part: ArraySlice<UInt8>) throws(SignatureFault) -> JSONObject {
        guard let bytes = Base64URL.decode(part) else { throw .malformed }
        do {
            guard let object = try JSONParser.parse(bytes).objectValue else { throw SignatureFault.malformed }
            return object
        } catch {
            throw .malformed
        }
    }
}
