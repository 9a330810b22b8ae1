import TokenCrypto
import Transport

/// A secret that is the first line of a file: a password, a token. The file is read again when it changes, so that a
/// secret is replaced without a restart; a file that can't be used leaves the last secret in use.
final class SecretFile: Sendable {
    private let file: WatchedFile<Secret>

    /// - Throws: where the file can't be read, others have access to it, or its first line is empty.
    init(path: String) throws(KeysError) {
        let reading = WatchedFile<Secret>.Reading(name: "secret", access: .secret) { contents in
            contents.bytes.withBytes { bytes in
                let line = bytes.prefix { $0 != 10 && $0 != 13 }
                // In a header or a login, a control character would have every message refused for it.
                guard !line.isEmpty, let text = String(validating: line, as: UTF8.self), isOneLine(text) else {
                    return .failure(KeysError(Self.empty))
                }
                return .success(Secret(line, locked: true))
            }
        }
        file = try WatchedFile(path: path, reading)
    }

    private static let empty = "holds no password in its first line"

    /// As the file stands now; it is looked at once a second at most.
    var current: Secret {
        _ = file.reloadIfChanged()
        return file.current
    }

    /// The same as text.
    var text: String {
        current.withBytes { String(decoding: $0, as: UTF8.self) }
    }
}
