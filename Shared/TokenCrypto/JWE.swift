/// Why a JWE was not opened; a closed set, fit for a metric's label, and without a word of the message.
package enum JWEError: String, Error, CaseIterable, CustomStringConvertible {
    /// Longer than the limit.
    case tooLarge = "too_large"
    /// No compact serialization, a part of a wrong length, no base64url, no header.
    case malformed
    /// Another `alg` or `enc` than `dir` or `A256KW` with `A256GCM`.
    case unsupportedAlgorithm = "unsupported_algorithm"
    /// A header member besides `alg`, `enc`, `kid` and `typ`.
    case unsupportedMember = "unsupported_member"
    /// No `kid`, or none that could name a key of ours.
    case missingKeyID = "missing_kid"
    /// A `kid` that is not in the ring.
    case unknownKey = "unknown_kid"
    /// Not sealed with that key, or changed since.
    case notAuthentic = "not_authentic"

    /// The reason's name.
    package var description: String { rawValue }
}

/// JWE compact serialization (RFC 7516 §7.1), one profile: `dir` or `A256KW`, `A256GCM`, `kid` required.
///
/// Whatever else a message asks for is refused before a key is looked up or derived (RFC 8725 §3.1, CVE-2022-36083).
package enum JWE {
    /// Bytes that a sealed field may have; records of the dead-letter topics need more.
    package static let standardLimit = 65_536

    /// Seals with the ring's key itself (`alg` `dir`). A lane that seals much keeps a ``JWESealer``.
    package static func seal(_ plaintext: some Collection<UInt8>, key: Key) -> [UInt8] {
        JWESealer(key: key, noncesAhead: 1).seal(plaintext)
    }

    /// Seals with a new key that the ring's key wraps (`alg` `A256KW`): a ring's key may so seal without end.
    package static func sealA256KW(_ plaintext: some Collection<UInt8>, key: Key) -> [UInt8] {
        let contentKey = Secret.random(32)
        let wrapped = Base64URL.encodeBytes(KeyWrap.wrap(contentKey, with: key.secret))
        let cipher = AESGCM(key: contentKey, noncesAhead: 1)
        return compact(plaintext, header: key.wrappingHeader, wrappedKey: wrapped, cipher: cipher)
    }

    /// Opens a message.
    ///
    /// - Parameters:
    ///   - limit: bytes that the message may have.
    ///   - lookup: the key of a name, from the one ring that may have sealed this.
    /// - Returns: the plaintext; who it was sealed for is for the caller to check.
    package static func open(
        _ compact: some Collection<UInt8>,
        limit: Int = standardLimit,
        key lookup: (String) -> Key?
    ) throws(JWEError) -> Secret {
        try withContiguousBytes(compact) { compact throws(JWEError) in
            let message = try Message(compact, limit: limit)
            guard let key = lookup(message.header.kid), key.ring.keyType == .oct else { throw .unknownKey }
            return try message.open(with: key)
        }
    }

    /// The five parts in one buffer.
    static func compact(
        _ plaintext: some Collection<UInt8>,
        header: [UInt8],
        wrappedKey: [UInt8],
        cipher: AESGCM
    ) -> [UInt8] {
        let nonceEnd = AESGCM.nonceLength
        let sealed = cipher.seal(plaintext, aad: header)
        let tagStart = sealed.count - AESGCM.tagLength
        var message: [UInt8] = []
        message.reserveCapacity(header.count + wrappedKey.count + Base64URL.encodedLength(sealed.count) + 6)
        message.append(contentsOf: header)
        message.append(dot)
        message.append(contentsOf: wrappedKey)
        sealed.withUnsafeBytes { sealed in
            for part in [sealed[..<nonceEnd], sealed[nonceEnd..<tagStart], sealed[tagStart...]] {
                message.append(dot)
                Base64URL.append(UnsafeRawBufferPointer(rebasing: part), to: &message)
            }
        }
        return message
    }

    fileprivate static let dot = UInt8(ascii: ".")
}

/// The parts of a message whose shape and header are right; nothing in it is authentic yet.
private struct Message {
    let header: JWEHeader
    private let protected: UnsafeRawBufferPointer
    private let wrappedKey: [UInt8]
    private let nonce: [UInt8]
    private let ciphertext: [UInt8]
    private let tag: [UInt8]

    init(_ compact: UnsafeRawBufferPointer, limit: Int) throws(JWEError) {
        guard compact.count <= limit else { throw .tooLarge }
        let parts = compact.split(separator: JWE.dot, maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].count <= JWEHeader.maximumLength else { throw .malformed }
        guard let headerBytes = Base64URL.decode(parts[0]) else { throw .malformed }
        header = try withContiguousBytes(headerBytes) { bytes throws(JWEError) in try JWEHeader(bytes) }
        // The lengths first: what cannot be right is not even decoded.
        guard parts[1].count == (header.algorithm == .direct ? 0 : 54), parts[2].count == 16, parts[4].count == 22,
            let wrappedKey = Base64URL.decode(parts[1]), let nonce = Base64URL.decode(parts[2]),
            let ciphertext = Base64URL.decode(parts[3]), let tag = Base64URL.decode(parts[4])
        else { throw .malformed }
        protected = UnsafeRawBufferPointer(rebasing: parts[0])
        self.wrappedKey = wrappedKey
        self.nonce = nonce
        self.ciphertext = ciphertext
        self.tag = tag
    }

    func open(with key: Key) throws(JWEError) -> Secret {
        let contentKey =
            switch header.algorithm {
            case .direct: key.secret
            case .a256KW: KeyWrap.unwrap(wrappedKey, with: key.secret)
            }
        guard let contentKey, contentKey.count == 32 else { throw .notAuthentic }
        let cipher = AESGCM(key: contentKey, noncesAhead: 1)
        let plaintext = nonce.withUnsafeBytes { nonce in
            ciphertext.withUnsafeBytes { ciphertext in
                tag.withUnsafeBytes { tag in
                    cipher.open(nonce: nonce, ciphertext: ciphertext, tag: tag, aad: protected)
                }
            }
        }
        guard let plaintext else { throw .notAuthentic }
        return plaintext
    }
}
