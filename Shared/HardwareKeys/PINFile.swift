import TokenCrypto

/// The file with the PIN of the token's user: one line that only its owner may read.
struct PINFile: Sendable {
    private static let maximumLength = 256
    let path: String

    /// - Throws: where it cannot be read, others have access to it, or it has no PIN.
    func read() throws(KeyEncryptionError) -> Secret {
        let contents: KeyFileContents
        do throws(KeysError) {
            contents = try KeyFileContents.read(path: path, name: "PKCS11_PIN_FILE")
        } catch {
            throw KeyEncryptionError(error.description)
        }
        return try contents.bytes.withBytes { bytes throws(KeyEncryptionError) in
            let end = bytes.lastIndex { $0 != 0x0A && $0 != 0x0D }.map { $0 + 1 } ?? 0
            guard (1...Self.maximumLength).contains(end) else {
                throw KeyEncryptionError("PKCS11_PIN_FILE: has no PIN of 1 to \(Self.maximumLength) bytes")
            }
            return Secret(bytes[..<end], locked: true)
        }
    }
}
