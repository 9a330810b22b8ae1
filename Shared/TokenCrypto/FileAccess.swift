import Glibc

/// Who may touch a file that a setting names: the one rule for all of them, and libpq's for its client key.
///
/// What counts is the file itself: symbolic links, as secrets are mounted by, are followed.
package enum FileAccess: Sendable {
    /// It holds a secret: it belongs to whoever runs this program, and nobody else has access; or it belongs to root,
    /// who may let a group read it (mode 0440), as secrets are mounted into services and containers.
    case secret
    /// It is public, but what it says matters: anybody may read it, its owner and group may write it.
    case readable

    /// Why a file must not be used; nil where it may.
    ///
    /// - Parameters:
    ///   - user: who runs this program.
    ///   - folder: the mode of the folder that the file is in.
    func refusal(mode: mode_t, owner: uid_t, folder: mode_t, user: uid_t) -> String? {
        if mode & S_IFMT != S_IFREG { return "no regular file" }
        // Others could take the file away and put their own in its place; a sticky folder keeps them from it.
        let isFolderOpen = folder & 0o002 != 0 && folder & S_ISVTX == 0
        switch self {
        case .secret:
            // Root works for others: their files are its business.
            if owner != user, owner != 0, user != 0 { return "belongs to another user" }
            if mode & (owner == 0 ? 0o037 : 0o077) != 0 {
                return "group or others have access; its mode must be 0600, or 0440 where it is root's"
            }
            return isFolderOpen ? Self.openFolder : nil
        case .readable:
            if mode & 0o002 != 0 { return "anybody may write it" }
            return isFolderOpen ? Self.openFolder : nil
        }
    }

    private static let openFolder = "anybody may replace it: its folder is open to all"

    /// Opens a file for reading, once its rule is kept.
    ///
    /// - Parameter name: what a mistake begins with: the setting that names the file.
    /// - Returns: the descriptor, which is the caller's to close, and what it looks like.
    func open(_ path: String, name: String) throws(KeysError) -> (descriptor: Int32, status: stat) {
        // Non-blocking: a FIFO in its place must not hold the service up.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyFileContents.failure(path, "cannot be opened", name: name) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = KeyFileContents.failure(path, "cannot be examined", name: name)
            close(descriptor)
            throw error
        }
        let refusal = refusal(
            mode: status.st_mode,
            owner: status.st_uid,
            folder: Self.folder(of: path),
            user: geteuid()
        )
        if let refusal {
            close(descriptor)
            throw KeysError("\(name) \(path): \(refusal)")
        }
        return (descriptor, status)
    }

    /// The same for a file that another library reads.
    package func check(_ path: String, name: String) throws(KeysError) {
        close(try open(path, name: name).descriptor)
    }

    /// The mode of the folder that the file itself is in; open to all where it cannot be told.
    private static func folder(of path: String) -> mode_t {
        var status = stat()
        guard let resolved = realpath(path, nil) else { return 0o777 }
        defer { free(resolved) }
        let folder = String(cString: resolved).split(separator: "/").dropLast().joined(separator: "/")
        return stat("/" + folder, &status) == 0 ? status.st_mode : 0o777
    }
}
