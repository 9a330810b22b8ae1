import CommandSigning
import TestSupport

extension SampleKeys {
    /// Signs with the key of an algorithm.
    static func signer(_ algorithm: SignatureAlgorithm) throws -> CommandSigner {
        try CommandSigner(parsing: Array(privateKey(algorithm).utf8), name: "sample")
    }
}
