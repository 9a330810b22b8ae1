import COpenSSL

/// AES-256 key wrap (RFC 3394): a key under a key-encryption key, deterministic and authenticated.
package enum KeyWrap {
    /// The wrapped key: 8 bytes longer than `secret`.
    ///
    /// - Precondition: the key-encryption key has 32 bytes; the secret has 16 or more, a multiple of 8.
    package static func wrap(_ secret: Secret, with key: Secret) -> [UInt8] {
        precondition(
            key.count == 32 && secret.count >= 16 && secret.count.isMultiple(of: 8),
            "a key of no fitting length"
        )
        return withContext(key, encrypting: true) { context in
            [UInt8](unsafeUninitializedCapacity: secret.count + 8) { buffer, initialized in
                var written: Int32 = 0
                secret.withBytes { secret in
                    secret.withOctets { secret, count in
                        OpenSSL.require(
                            EVP_CipherUpdate(context, buffer.baseAddress, &written, secret, Int32(count)),
                            "AES key wrap"
                        )
                    }
                }
                initialized = Int(written)
            }
        }
    }

    /// The key, or nil where `wrapped` was not made with this key-encryption key or is no wrapped key at all.
    package static func unwrap(_ wrapped: some Collection<UInt8>, with key: Secret) -> Secret? {
        let length = wrapped.count - 8
        guard key.count == 32, length >= 16, length.isMultiple(of: 8), length <= 4_096 else { return nil }
        return withContext(key, encrypting: false) { context in
            withContiguousBytes(wrapped) { wrapped in
                var isAuthentic = false
                // OpenSSL may touch as much room as it was given input: the key is copied out of it.
                let room = Secret(count: wrapped.count) { output in
                    var written: Int32 = 0
                    let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    wrapped.withOctets { wrapped, count in
                        let result = EVP_CipherUpdate(context, start, &written, wrapped, Int32(count))
                        isAuthentic = OpenSSL.succeeded(result) && Int(written) == length
                    }
                }
                return isAuthentic ? room.withBytes { Secret($0[..<length]) } : nil
            }
        }
    }

    private static func withContext<Result>(
        _ key: Secret,
        encrypting: Bool,
        _ body: (OpaquePointer) -> Result
    ) -> Result {
        let context = OpenSSL.made(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        defer { EVP_CIPHER_CTX_free(context) }
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        key.withBytes { key in
            key.withOctets { key, _ in
                OpenSSL.require(
                    EVP_CipherInit_ex2(context, OpenSSL.aes256Wrap, key, nil, encrypting ? 1 : 0, nil),
                    "EVP_CipherInit_ex2"
                )
            }
        }
        return body(context)
    }
}
