import Glibc
import TokenCrypto

/// The file with the PIN of the token's user: one line that only its owner may read.
struct PINFile: Sendable {
    private static let maximumLength = 256
    let path: String

    /// - Throws: where it cannot be read, others have access to it, or it has no PIN.
    func read() throws(KeyEncryptionError) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyEncryptionError("PKCS11_PIN_FILE: cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw KeyEncryptionError("PKCS11_PIN_FILE: no regular file")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw KeyEncryptionError("PKCS11_PIN_FILE: group or others have access; its mode must be 0600")
        }
        var bytes = [UInt8](repeating: 0, count: Self.maximumLength + 2)
        defer { wipe(&bytes) }
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        let end = bytes.prefix(max(0, count)).lastIndex { $0 != 0x0A && $0 != 0x0D }.map { $0 + 1 } ?? 0
        guard (1...Self.maximumLength).contains(end) else {
            throw KeyEncryptionError("PKCS11_PIN_FILE: has no PIN of 1 to \(Self.maximumLength) bytes")
        }
        return Secret(bytes[..<end])
    }
}
