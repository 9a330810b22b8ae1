import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with a key that stays in its contexts.
///
/// A sealed value is nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes). Nonces are random, so one key must not seal more
/// than 2³² values (SP 800-38D §8.3): rotate before that. Not thread-safe: one for each lane.
package final class AESGCM {
    /// Bytes of a nonce.
    package static let nonceLength = 12
    /// Bytes of a tag.
    package static let tagLength = 16
    /// Bytes by which a sealed value is longer than its plaintext.
    package static let overhead = nonceLength + tagLength

    private let key: Secret
    // Each is made when first used: most ciphers only seal or only open.
    private lazy var sealing = context(EVP_EncryptInit_ex2)
    private lazy var opening = context(EVP_DecryptInit_ex2)
    private var made: [OpaquePointer] = []
    // Drawn ahead: a call of the generator costs more than the encryption. A nonce is no secret.
    private var nonces: [UInt8] = []
    private var nextNonce = 0
    private let noncesAhead: Int

    /// A cipher with a key.
    ///
    /// - Parameter noncesAhead: how many nonces to draw at a time; 1 for a single value.
    /// - Precondition: the key has 32 bytes.
    package init(key: Secret, noncesAhead: Int = 64) {
        precondition(key.count == 32, "an AES-256 key has 32 bytes")
        self.key = key
        self.noncesAhead = max(1, noncesAhead)
    }

    deinit {
        for context in made { EVP_CIPHER_CTX_free(context) }  // wipes the key schedule
    }

    /// Encrypts `plaintext` and authenticates it together with `aad`.
    package func seal(_ plaintext: some Collection<UInt8>, aad: some Collection<UInt8>) -> [UInt8] {
        withContiguousBytes(plaintext) { plaintext in
            withContiguousBytes(aad) { aad in
                let length = plaintext.count + Self.overhead
                return [UInt8](unsafeUninitializedCapacity: length) { buffer, initialized in
                    seal(plaintext, aad: aad, into: UnsafeMutableRawBufferPointer(buffer))
                    initialized = length
                }
            }
        }
    }

    /// Encrypts a secret and authenticates it together with `aad`.
    package func seal(_ plaintext: Secret, aad: some Collection<UInt8>) -> [UInt8] {
        plaintext.withBytes { seal($0, aad: aad) }
    }

    /// The plaintext, or nil where the value or `aad` is not what was sealed.
    package func open(_ sealed: some Collection<UInt8>, aad: some Collection<UInt8>) -> Secret? {
        withContiguousBytes(sealed) { sealed in
            withContiguousBytes(aad) { aad in
                guard sealed.count >= Self.overhead else { return nil }
                let end = sealed.count - Self.tagLength
                return open(
                    nonce: UnsafeRawBufferPointer(rebasing: sealed[..<Self.nonceLength]),
                    ciphertext: UnsafeRawBufferPointer(rebasing: sealed[Self.nonceLength..<end]),
                    tag: UnsafeRawBufferPointer(rebasing: sealed[end...]),
                    aad: aad
                )
            }
        }
    }

    /// Writes nonce ‖ ciphertext ‖ tag into `output`, which has exactly that length.
    func seal(
        _ plaintext: UnsafeRawBufferPointer,
        aad: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) {
        precondition(output.count == plaintext.count + Self.overhead, "no room for the sealed value")
        guard let nonce = output.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        writeNonce(UnsafeMutableRawBufferPointer(rebasing: output[..<Self.nonceLength]))
        let ciphertext = nonce + Self.nonceLength
        var written: Int32 = 0
        OpenSSL.require(EVP_EncryptInit_ex2(sealing, nil, nil, nonce, nil), "EVP_EncryptInit_ex2")
        aad.withOctets { aad, count in
            OpenSSL.require(EVP_EncryptUpdate(sealing, nil, &written, aad, Int32(count)), "EVP_EncryptUpdate")
        }
        plaintext.withOctets { plaintext, count in
            OpenSSL.require(
                EVP_EncryptUpdate(sealing, ciphertext, &written, plaintext, Int32(count)),
                "EVP_EncryptUpdate"
            )
        }
        let tag = ciphertext + plaintext.count
        OpenSSL.require(EVP_EncryptFinal_ex(sealing, tag, &written), "EVP_EncryptFinal_ex")
        OpenSSL.require(
            EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag),
            "EVP_CTRL_AEAD_GET_TAG"
        )
    }

    /// The plaintext of parts that lie apart, or nil where they are not authentic.
    func open(
        nonce: UnsafeRawBufferPointer,
        ciphertext: UnsafeRawBufferPointer,
        tag: UnsafeRawBufferPointer,
        aad: UnsafeRawBufferPointer
    ) -> Secret? {
        guard nonce.count == Self.nonceLength, tag.count == Self.tagLength else { return nil }
        var isAuthentic = false
        // A forged value's plaintext is wiped with the secret that is not returned.
        let plaintext = Secret(count: ciphertext.count) { output in
            isAuthentic = decrypt(nonce: nonce, ciphertext: ciphertext, tag: tag, aad: aad, into: output)
        }
        return isAuthentic ? plaintext : nil
    }

    private func decrypt(
        nonce: UnsafeRawBufferPointer,
        ciphertext: UnsafeRawBufferPointer,
        tag: UnsafeRawBufferPointer,
        aad: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var written: Int32 = 0
        var nothing: UInt8 = 0
        let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        nonce.withOctets { nonce, _ in
            OpenSSL.require(EVP_DecryptInit_ex2(opening, nil, nil, nonce, nil), "EVP_DecryptInit_ex2")
        }
        aad.withOctets { aad, count in
            OpenSSL.require(EVP_DecryptUpdate(opening, nil, &written, aad, Int32(count)), "EVP_DecryptUpdate")
        }
        if let start, !ciphertext.isEmpty {
            ciphertext.withOctets { ciphertext, count in
                OpenSSL.require(
                    EVP_DecryptUpdate(opening, start, &written, ciphertext, Int32(count)),
                    "EVP_DecryptUpdate"
                )
            }
        }
        let expected = UnsafeMutableRawPointer(mutating: tag.baseAddress)  // OpenSSL reads it only
        OpenSSL.require(
            EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), expected),
            "EVP_CTRL_AEAD_SET_TAG"
        )
        return OpenSSL.succeeded(EVP_DecryptFinal_ex(opening, &nothing, &written))
    }

    private typealias Initialize = (
        OpaquePointer?, OpaquePointer?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?, UnsafePointer<OSSL_PARAM>?
    ) -> Int32

    private func context(_ initialize: Initialize) -> OpaquePointer {
        let context = OpenSSL.made(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        made.append(context)
        key.withBytes { key in
            key.withOctets { key, _ in
                OpenSSL.require(initialize(context, OpenSSL.aes256GCM, key, nil, nil), "EVP_CipherInit_ex2")
            }
        }
        return context
    }

    private func writeNonce(_ output: UnsafeMutableRawBufferPointer) {
        if nextNonce == nonces.count {
            nonces = SecureRandom.bytes(noncesAhead * Self.nonceLength)
            nextNonce = 0
        }
        output.copyBytes(from: nonces[nextNonce..<nextNonce + Self.nonceLength])
        nextNonce += Self.nonceLength
    }
}
