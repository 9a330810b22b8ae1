import COpenSSL

/// What is fetched once per process, and how a failing call ends.
///
/// `EVP_*_fetch` costs more than most uses of what it finds (OpenSSL 3.0, `crypto(7)`: fetch once, use often).
enum OpenSSL {
    // OpenSSL: fetched algorithms are immutable and reference-counted, and may be used by many threads at a time.
    nonisolated(unsafe) static let hmac = fetched(EVP_MAC_fetch(nil, "HMAC", nil), "HMAC")
    nonisolated(unsafe) static let sha256 = fetched(EVP_MD_fetch(nil, "SHA256", nil), "SHA256")
    nonisolated(unsafe) private static let sha1 = fetched(EVP_MD_fetch(nil, "SHA1", nil), "SHA1")
    nonisolated(unsafe) private static let sha512 = fetched(EVP_MD_fetch(nil, "SHA512", nil), "SHA512")
    nonisolated(unsafe) private static let aes128CBC = fetched(EVP_CIPHER_fetch(nil, "AES-128-CBC", nil), "AES-128-CBC")
    nonisolated(unsafe) private static let aes192CBC = fetched(EVP_CIPHER_fetch(nil, "AES-192-CBC", nil), "AES-192-CBC")
    nonisolated(unsafe) private static let aes256CBC = fetched(EVP_CIPHER_fetch(nil, "AES-256-CBC", nil), "AES-256-CBC")
    nonisolated(unsafe) static let aes256GCM = fetched(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), "AES-256-GCM")
    nonisolated(unsafe) static let aes256Wrap = fetched(EVP_CIPHER_fetch(nil, "AES-256-WRAP", nil), "AES-256-WRAP")

    /// The hash under an HMAC.
    static func digest(_ algorithm: HMACAlgorithm) -> OpaquePointer {
        switch algorithm {
        case .sha1: sha1
        case .sha256: sha256
        case .sha512: sha512
        }
    }

    /// AES-CBC for a key of 16, 24 or 32 bytes.
    static func aesCBC(keyLength: Int) -> OpaquePointer {
        switch keyLength {
        case 16: aes128CBC
        case 24: aes192CBC
        default: aes256CBC
        }
    }

    /// Ends the process where a call failed that only fails for want of memory or of an algorithm.
    ///
    /// Never for a result that depends on what came from outside; see ``succeeded(_:)`` for that.
    static func require(_ result: Int32, _ operation: StaticString) {
        guard result != 1 else { return }
        fatalError("OpenSSL: \(operation) failed: out of memory, or the algorithm is switched off in openssl.cnf")
    }

    /// An object that OpenSSL made; ends the process where it made none.
    static func made(_ object: OpaquePointer?, _ operation: StaticString) -> OpaquePointer {
        guard let object else { fatalError("OpenSSL: \(operation) failed: out of memory") }
        return object
    }

    /// Whether a call succeeded whose failure is an answer (a wrong tag); leaves no error behind on this thread.
    static func succeeded(_ result: Int32) -> Bool {
        if result == 1 { return true }
        ERR_clear_error()
        return false
    }

    private static func fetched(_ algorithm: OpaquePointer?, _ name: StaticString) -> OpaquePointer {
        guard let algorithm else { fatalError("OpenSSL has no \(name): is the default provider loaded?") }
        return algorithm
    }
}
