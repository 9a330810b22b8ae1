import COpenSSL

/// Ed25519 signatures (RFC 8032 §5.1): what seals the audit trail's checkpoints.
package enum Ed25519 {
    /// The public key (32 bytes) of a private one.
    ///
    /// - Precondition: the private key has 32 bytes.
    package static func publicKey(of key: Secret) -> [UInt8] {
        withPrivateKey(key) { key in
            [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
                initialized = 32
                OpenSSL.require(
                    EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &initialized),
                    "EVP_PKEY_get_raw_public_key"
                )
            }
        }
    }

    /// The signature (64 bytes) of `message`.
    ///
    /// - Precondition: the private key has 32 bytes.
    package static func sign(_ message: some Collection<UInt8>, with key: Secret) -> [UInt8] {
        withPrivateKey(key) { key in
            withContext { context in
                OpenSSL.require(EVP_DigestSignInit_ex(context, nil, nil, nil, nil, key, nil), "EVP_DigestSignInit_ex")
                return withContiguousBytes(message) { message in
                    [UInt8](unsafeUninitializedCapacity: 64) { buffer, initialized in
                        initialized = 64
                        message.withOctets { message, count in
                            OpenSSL.require(
                                EVP_DigestSign(context, buffer.baseAddress, &initialized, message, count),
                                "EVP_DigestSign"
                            )
                        }
                    }
                }
            }
        }
    }

    /// Whether `signature` is that of `message` by the owner of `publicKey`; false for keys and signatures of any other shape.
    package static func isValid(
        _ signature: [UInt8],
        of message: some Collection<UInt8>,
        publicKey: [UInt8]
    ) -> Bool {
        guard signature.count == 64, publicKey.count == 32 else { return false }
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            ERR_clear_error()
            return false
        }
        defer { EVP_PKEY_free(key) }
        return withContext { context in
            let isReady = EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, key, nil)
            guard OpenSSL.succeeded(isReady) else { return false }
            return withContiguousBytes(message) { message in
                message.withOctets { message, count in
                    OpenSSL.succeeded(EVP_DigestVerify(context, signature, signature.count, message, count))
                }
            }
        }
    }

    private static func withPrivateKey<Result>(_ key: Secret, _ body: (OpaquePointer) -> Result) -> Result {
        precondition(key.count == 32, "an Ed25519 private key has 32 bytes")
        let made = key.withBytes { key in
            key.withOctets { key, count in EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, key, count) }
        }
        let key = OpenSSL.made(made, "EVP_PKEY_new_raw_private_key")
        defer { EVP_PKEY_free(key) }
        return body(key)
    }

    private static func withContext<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        let context = OpenSSL.made(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
        defer { EVP_MD_CTX_free(context) }
        return body(context)
    }
}
