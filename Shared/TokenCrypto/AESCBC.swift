import COpenSSL

/// AES in CBC mode (NIST SP 800-38A), as XML Encryption uses it (`aes128-cbc`, `aes192-cbc`, `aes256-cbc`): for
/// reading what others have written. It authenticates nothing: check a MAC over nonce and ciphertext first.
package enum AESCBC {
    /// Bytes of a block and of the initialisation vector.
    package static let blockLength = 16

    /// The plaintext without its padding.
    ///
    /// The last byte tells how long the padding is, 1 to 16 bytes, whose other values are free (XML Encryption 1.1 §5.2).
    /// - Parameter ciphertext: the initialisation vector, followed by one or more whole blocks.
    /// - Returns: nil where the length is no sealed value's, or the padding is wrong.
    /// - Precondition: the key has 16, 24 or 32 bytes.
    package static func open(_ ciphertext: some Collection<UInt8>, key: Secret) -> Secret? {
        precondition([16, 24, 32].contains(key.count), "an AES key has 16, 24 or 32 bytes")
        return withContiguousBytes(ciphertext) { ciphertext -> Secret? in
            guard ciphertext.count >= 2 * blockLength, ciphertext.count.isMultiple(of: blockLength) else { return nil }
            let blocks = UnsafeRawBufferPointer(rebasing: ciphertext[blockLength...])
            let padded = Secret(count: blocks.count) { output in
                decrypt(blocks, vector: ciphertext, key: key, into: output)
            }
            return padded.withBytes { padded in
                let padding = Int(padded[padded.count - 1])
                guard (1...blockLength).contains(padding) else { return nil }
                return Secret(padded[..<(padded.count - padding)])
            }
        }
    }

    private static func decrypt(
        _ blocks: UnsafeRawBufferPointer,
        vector: UnsafeRawBufferPointer,
        key: Secret,
        into output: UnsafeMutableRawBufferPointer
    ) {
        let context = OpenSSL.made(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        defer { EVP_CIPHER_CTX_free(context) }
        key.withBytes { key in
            key.withOctets { octets, count in
                vector.withOctets { vector, _ in
                    let cipher = OpenSSL.aesCBC(keyLength: count)
                    OpenSSL.require(EVP_DecryptInit_ex2(context, cipher, octets, vector, nil), "EVP_DecryptInit_ex2")
                }
            }
        }
        OpenSSL.require(EVP_CIPHER_CTX_set_padding(context, 0), "EVP_CIPHER_CTX_set_padding")
        var written: Int32 = 0
        let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        blocks.withOctets { blocks, count in
            OpenSSL.require(EVP_DecryptUpdate(context, start, &written, blocks, Int32(count)), "EVP_DecryptUpdate")
        }
    }
}
