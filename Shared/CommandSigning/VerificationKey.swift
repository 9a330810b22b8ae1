import Settings

/// A public key that commands may be signed with; which algorithm it is for follows from what it is, not from a token.
package struct VerificationKey: Sendable {
    package let kid: String
    package let algorithm: SignatureAlgorithm
    /// The public numbers as they stand in the file.
    private let numbers: [String]
    private let primitive: KeyPrimitive

    init(kid: String, algorithm: SignatureAlgorithm, numbers: [String], primitive: KeyPrimitive) {
        self.kid = kid
        self.algorithm = algorithm
        self.numbers = numbers
        self.primitive = primitive
    }

    /// Whether a signature is that of `message` by this key.
    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        primitive.isValid(signature, of: message)
    }
}

extension VerificationKey: Equatable {
    package static func == (left: VerificationKey, right: VerificationKey) -> Bool {
        left.kid == right.kid && left.algorithm == right.algorithm && left.numbers == right.numbers
    }
}
