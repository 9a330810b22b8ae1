/// Wraps and unwraps data keys by the keys of ring `kek`, wherever those are kept.
package protocol KeyEncryptionKeys: Sendable {
    /// The data key under a key-encryption key.
    ///
    /// - Throws: where the key is kept elsewhere and cannot be used now.
    func wrap(_ dataKey: Secret, with key: Key) throws(KeyEncryptionError) -> [UInt8]

    /// The data key, or nil where `wrapped` was not made with this key.
    ///
    /// - Throws: where the key is kept elsewhere and cannot be used now.
    func unwrap(_ wrapped: [UInt8], with key: Key) throws(KeyEncryptionError) -> Secret?
}

/// Why a key-encryption key cannot be used now: the operation and its outcome, safe to log.
package struct KeyEncryptionError: Error, Equatable, CustomStringConvertible {
    /// Names of keys, operations and return codes; never a value.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Keys whose bytes are in `KEYS_FILE`: AES-256 key wrap (RFC 3394) in this process.
package struct FileKeyEncryption: KeyEncryptionKeys {
    package init() {}

    package func wrap(_ dataKey: Secret, with key: Key) throws(KeyEncryptionError) -> [UInt8] {
        try check(key)
        return KeyWrap.wrap(dataKey, with: key.secret)
    }

    package func unwrap(_ wrapped: [UInt8], with key: Key) throws(KeyEncryptionError) -> Secret? {
        try check(key)
        return KeyWrap.unwrap(wrapped, with: key.secret)
    }

    private func check(_ key: Key) throws(KeyEncryptionError) {
        guard key.location == nil else {
            throw KeyEncryptionError("kid \(key.kid) is on a PKCS#11 token, but PKCS11_MODULE is not set")
        }
    }
}
