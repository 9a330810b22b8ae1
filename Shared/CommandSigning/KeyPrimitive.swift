import FoundationEssentials
import JWTKit
package import Settings

/// How commands may be signed (RFC 7518, RFC 8037).
package typealias SignatureAlgorithm = CommandSettings.SignatureAlgorithm

/// A key as jwt-kit works with it: the only place that knows that library.
struct KeyPrimitive: Sendable {
    private let key: any JWTAlgorithm

    /// The numbers of a JWK are not of the right form, such as a point off its curve or an RSA key below 2,048 bits.
    struct Refused: Error {}

    /// - Parameter jwk: a JWK (RFC 7517), whose members were checked before.
    init(jwk: String, algorithm: SignatureAlgorithm) throws(Refused) {
        do {
            var key = try JWK(json: jwk)
            let kid = JWKIdentifier(string: "key")
            key.keyIdentifier = kid
            key.algorithm =
                switch algorithm {
                case .edDSA: .eddsa
                case .es256: .es256
                case .rs256: .rs256
                }
            // A collection for each key: jwt-kit's falls back to another of its keys where a name is unknown.
            self.key = try CallingThread.run { [key] in
                try await JWTKeyCollection().add(jwk: key).getKey(for: kid)
            }
        } catch {
            throw Refused()
        }
        guard key.name == algorithm.rawValue else { throw Refused() }
    }

    /// Whether a signature is that of `message` by this key.
    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        do {
            return try key.verify(signature, signs: message)
        } catch {
            return false  // a signature of the wrong length
        }
    }

    /// - Throws: `Refused` where this is a public key.
    func signature(of message: [UInt8]) throws(Refused) -> [UInt8] {
        do {
            return try key.sign(message)
        } catch {
            throw Refused()
        }
    }
}
