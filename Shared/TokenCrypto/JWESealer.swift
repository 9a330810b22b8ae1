/// Seals many messages with one key (`alg` `dir`): header, key schedule and nonces are kept ready.
///
/// Not thread-safe: one for each lane. Make a new one when the ring's active key changes.
package final class JWESealer {
    /// The name of the key that seals, to be compared with the ring's active one.
    package let kid: String
    private let header: [UInt8]
    private let cipher: AESGCM

    /// A sealer for a key.
    ///
    /// - Precondition: the key is symmetric, of any ring but `audit`.
    package init(key: Key, noncesAhead: Int = 64) {
        precondition(key.ring.keyType == .oct, "a signing key seals nothing")
        kid = key.kid
        header = key.directHeader
        cipher = AESGCM(key: key.secret, noncesAhead: noncesAhead)
    }

    /// The message, as ASCII.
    package func seal(_ plaintext: some Collection<UInt8>) -> [UInt8] {
        JWE.compact(plaintext, header: header, wrappedKey: [], cipher: cipher)
    }
}
