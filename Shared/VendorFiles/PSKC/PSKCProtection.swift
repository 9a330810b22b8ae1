import TokenCrypto

/// How a container's values are sealed, and the keys that open them (RFC 6030 §6).
final class PSKCProtection {
    private let key: Secret?
    private let mac: HMACContext?
    /// How many MACs fitted so far.
    private(set) var verified = 0

    /// Finds the keys. Nothing is opened here but the MAC key.
    ///
    /// - Parameter sealed: the elements of all values that are encrypted or have a MAC.
    init(_ root: XMLElement, key: Secret?, password: Secret?, sealed: [XMLElement]) throws(UnreadableFile) {
        let method = root.child("MACMethod")
        let encrypted = sealed.compactMap { $0.child("EncryptedValue") }
        try Self.refuseAsymmetric(root, encrypted)
        if method != nil, !sealed.contains(where: { $0.child("ValueMAC") != nil }) {
            throw UnreadableFile(.missingMAC, "PSKC with a MACMethod, but without a single ValueMAC")
        }
        guard !encrypted.isEmpty || method != nil else {
            (self.key, mac) = (nil, nil)
            return
        }
        guard let method else {
            throw UnreadableFile(.missingMAC, "PSKC with encrypted values, but without a MACMethod")
        }
        let length = Self.keyLength(of: [method.child("MACKey")].compactMap(\.self) + encrypted)
        let opened = try Self.encryptionKey(root, key: key, password: password, length: length)
        self.key = opened
        mac = try Self.mac(method, key: opened)
    }

    /// A value's bytes: its MAC is checked before its key is used.
    ///
    /// - Parameter element: `Secret`, `Counter`, …: the parent of the value.
    func open(_ element: XMLElement, encrypted: XMLElement) throws(SkippedReason) -> Secret {
        guard let ciphertext = try Self.ciphertext(encrypted) else {
            throw .malformed("an EncryptedValue without value")
        }
        try check(element, over: ciphertext)
        guard let algorithm = Self.algorithm(encrypted) else { throw .malformed("an EncryptedValue without algorithm") }
        guard let length = PSKCNames.keyLength(ofCipher: algorithm) else { throw .unsupported("an unknown cipher") }
        guard let key, key.count == length else { throw .unsupported("a cipher whose key has another length") }
        guard let value = AESCBC.open(ciphertext, key: key) else { throw .malformed("an EncryptedValue does not open") }
        return value
    }

    /// Checks the MAC of a value.
    ///
    /// - Parameter bytes: what it is of: the initialisation vector with the ciphertext (RFC 6030 §6.1.1), or the bytes
    ///   of a clear value.
    func check(_ element: XMLElement, over bytes: [UInt8]) throws(SkippedReason) {
        guard let mac else { throw .malformed("a ValueMAC without MACMethod") }
        guard let expected = element.child("ValueMAC") else { throw .malformed("a value without its ValueMAC") }
        guard let expected = Base64.decode(expected.text) else { throw .malformed("a ValueMAC is no Base64") }
        guard constantTimeEquals(mac.mac(bytes), expected) else {
            throw SkippedReason(code: .wrongMAC, reason: "a ValueMAC does not fit its value")
        }
        verified += 1
    }

    // MARK: Keys

    private static func encryptionKey(
        _ root: XMLElement,
        key: Secret?,
        password: Secret?,
        length: Int?
    ) throws(UnreadableFile) -> Secret {
        if let derived = root.child("EncryptionKey")?.child("DerivedKey", in: PSKCNames.derivation) {
            guard let password else {
                throw UnreadableFile(.missingKey, "PSKC sealed with a password, and none is given (--password-file)")
            }
            return try PSKCPassword.key(derived, password: password, length: length)
        }
        guard let key else {
            throw UnreadableFile(.missingKey, "PSKC sealed with a pre-shared key, and none is given (--key-file)")
        }
        if let length, key.count != length {
            throw UnreadableFile(.wrongKey, "the key has \(key.count) bytes, the file's cipher needs \(length)")
        }
        return key
    }

    /// Where the MAC has no key of its own, the encryption key is taken, as drafts and some vendors do.
    private static func mac(_ method: XMLElement, key: Secret) throws(UnreadableFile) -> HMACContext {
        guard let algorithm = PSKCNames.hmac(method["Algorithm"] ?? "") else {
            throw UnreadableFile(.unsupported, "PSKC with a MAC other than HMAC-SHA1, -SHA256 and -SHA512")
        }
        guard method.child("MACKeyReference") == nil else {
            throw UnreadableFile(.unsupported, "PSKC with a MAC key that is named, but not in the file")
        }
        guard let sealed = method.child("MACKey") else { return HMACContext(algorithm: algorithm, key: key) }
        let ciphertext: [UInt8]?
        do throws(SkippedReason) {
            ciphertext = try Self.ciphertext(sealed)
        } catch {
            throw UnreadableFile(.unsupported, "PSKC with a MACKey that is no Base64")
        }
        guard let ciphertext else { throw UnreadableFile(.unsupported, "PSKC with an empty MACKey") }
        guard let length = Self.algorithm(sealed).flatMap(PSKCNames.keyLength(ofCipher:)) else {
            throw UnreadableFile(.unsupported, "PSKC with a MACKey under another cipher than AES-CBC")
        }
        guard key.count == length, let opened = AESCBC.open(ciphertext, key: key), opened.count > 0 else {
            throw UnreadableFile(.wrongKey, "the MACKey does not open: the key or password is wrong")
        }
        return HMACContext(algorithm: algorithm, key: opened)
    }

    /// Bytes of the key of the first cipher that is known.
    private static func keyLength(of sealed: [XMLElement]) -> Int? {
        sealed.lazy.compactMap { algorithm($0).flatMap(PSKCNames.keyLength(ofCipher:)) }.first
    }

    /// Nothing of a file is taken that needs a private key, which nobody could give here.
    private static func refuseAsymmetric(_ root: XMLElement, _ encrypted: [XMLElement]) throws(UnreadableFile) {
        let key = root.child("EncryptionKey")
        let elements: Set<String> = ["X509Data", "KeyValue", "EncryptedKey", "RetrievalMethod", "PGPData", "SPKIData"]
        let isAsymmetric =
            key?.children.contains { elements.contains($0.name) } == true
            || encrypted.contains { algorithm($0).map(PSKCNames.isAsymmetric) == true }
        if isAsymmetric {
            throw UnreadableFile(.unsupported, "PSKC sealed with an asymmetric key, which is not supported")
        }
    }

    // MARK: XML Encryption

    private static func algorithm(_ sealed: XMLElement) -> String? {
        sealed.child("EncryptionMethod", in: PSKCNames.encryption)?["Algorithm"]
    }

    /// nil where there is none.
    private static func ciphertext(_ sealed: XMLElement) throws(SkippedReason) -> [UInt8]? {
        let data = sealed.child("CipherData", in: PSKCNames.encryption)
        guard let value = data?.child("CipherValue", in: PSKCNames.encryption) else { return nil }
        guard let bytes = Base64.decode(value.text) else { throw .malformed("a CipherValue is no Base64") }
        return bytes
    }
}
