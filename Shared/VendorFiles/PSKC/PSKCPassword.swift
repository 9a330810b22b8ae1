import TokenCrypto

/// The key that a container has from a password (RFC 6030 §6.2): PBKDF2 only.
enum PSKCPassword {
    /// - Parameters:
    ///   - derived: the element `DerivedKey`.
    ///   - length: bytes of the cipher's key, where it is known.
    static func key(_ derived: XMLElement, password: Secret, length: Int?) throws(UnreadableFile) -> Secret {
        let names = PSKCNames.derivation
        guard let method = derived.child("KeyDerivationMethod", in: names),
            PSKCNames.isPBKDF2(method["Algorithm"] ?? ""), let parameters = method.child("PBKDF2-params", in: names)
        else { throw unsupported("a key derivation other than PBKDF2") }
        let specified = parameters.child("Salt", in: names)?.child("Specified", in: names)
        guard let salt = specified.flatMap({ Base64.decode($0.text) }), !salt.isEmpty,
            let iterations = parameters.child("IterationCount", in: names).flatMap({ Int($0.text.trimmed) })
        else { throw unsupported("PBKDF2 without salt or iteration count") }
        guard iterations <= PBKDF2.maximumIterations else {
            throw UnreadableFile(.tooLarge, "PSKC with more than \(PBKDF2.maximumIterations) iterations of PBKDF2")
        }
        let stated = parameters.child("KeyLength", in: names)
        let keyLength = stated.map { Int($0.text.trimmed) } ?? length
        guard let keyLength, [16, 24, 32].contains(keyLength), length == nil || length == keyLength else {
            throw unsupported("PBKDF2 with a key length that does not suit the cipher")
        }
        let key = PBKDF2.key(
            password: password,
            salt: salt,
            iterations: iterations,
            length: keyLength,
            algorithm: try algorithm(parameters.child("PRF", in: names))
        )
        guard let key else { throw unsupported("PBKDF2 with parameters out of range") }
        return key
    }

    /// HMAC-SHA1 where none is named (RFC 8018 appendix A.2). Some tools write the name as text.
    private static func algorithm(_ function: XMLElement?) throws(UnreadableFile) -> HMACAlgorithm {
        let name = function?["Algorithm"] ?? function?.text.trimmed ?? ""
        guard !name.isEmpty else { return .sha1 }
        guard let algorithm = PSKCNames.hmac(name) else { throw unsupported("PBKDF2 with an unknown function") }
        return algorithm
    }

    private static func unsupported(_ what: String) -> UnreadableFile {
        UnreadableFile(.unsupported, "PSKC with \(what)")
    }
}
