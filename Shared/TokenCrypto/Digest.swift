import COpenSSL

/// SHA-256 (FIPS 180-4) in one call.
package enum Digest {
    /// The 32 bytes of SHA-256 over `bytes`, which are not copied.
    package static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let hash = SHA256Context()
        hash.update(bytes)
        return hash.finish()
    }

    /// The same for an array, without the cost of a generic call.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
            bytes.withUnsafeBytes { bytes in
                OpenSSL.require(
                    EVP_Digest(bytes.baseAddress, bytes.count, buffer.baseAddress, nil, OpenSSL.sha256, nil),
                    "EVP_Digest"
                )
            }
            initialized = 32
        }
    }

    /// The 32 bytes of SHA-256 over the parts, one after the other; whoever needs their borders kept writes them in.
    package static func sha256(parts: [[UInt8]]) -> [UInt8] {
        let hash = SHA256Context()
        for part in parts { hash.update(part) }
        return hash.finish()
    }
}

/// SHA-256 piece by piece; one context serves any number of hashes, one after the other. Not thread-safe.
package final class SHA256Context {
    private let context = OpenSSL.made(EVP_MD_CTX_new(), "EVP_MD_CTX_new")

    /// A context at the start of a hash.
    package init() {
        OpenSSL.require(EVP_DigestInit_ex2(context, OpenSSL.sha256, nil), "EVP_DigestInit_ex2")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes.
    package func update(_ bytes: some Collection<UInt8>) {
        withContiguousBytes(bytes) { bytes in
            OpenSSL.require(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count), "EVP_DigestUpdate")
        }
    }

    /// The 32 bytes of the hash; the context is at the start of the next one.
    package func finish() -> [UInt8] {
        let hash = [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
            OpenSSL.require(EVP_DigestFinal_ex(context, buffer.baseAddress, nil), "EVP_DigestFinal_ex")
            initialized = 32
        }
        OpenSSL.require(EVP_DigestInit_ex2(context, nil, nil), "EVP_DigestInit_ex2")
        return hash
    }
}
