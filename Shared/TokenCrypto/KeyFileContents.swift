import Glibc

/// What tells one state of a file from another without reading it.
///
/// The change time tells of a mended mode, the inode of a replacement within one tick of the clock.
struct FileFingerprint: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let times: [Int]

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        times = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }

    /// The state of the file at `path` (symbolic links followed), nil where there is none.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// A key file's bytes, wiped when dropped, and what it looked like when they were read.
package struct KeyFileContents {
    /// What the file holds.
    package let bytes: Secret
    let fingerprint: FileFingerprint
    /// Permission bits.
    let mode: mode_t
    let owner: uid_t
    let group: gid_t

    /// Reads a file of at most ``KeyRings/maximumLength`` bytes.
    ///
    /// - Parameter name: what the mistakes begin with: the setting that names the file.
    package static func read(
        path: String,
        name: String = "KEYS_FILE",
        access: FileAccess = .secret
    ) throws(KeysError) -> KeyFileContents {
        let (descriptor, status) = try access.open(path, name: name)
        defer { close(descriptor) }
        let size = Int(status.st_size)
        guard size <= KeyRings.maximumLength else {
            throw KeysError("\(name) \(path): longer than \(KeyRings.maximumLength) bytes")
        }
        var received = 0
        let bytes = Secret(count: size) { buffer in
            while received < size {
                let count = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: received), size - received)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                received += count
            }
        }
        guard received == size else { throw KeysError("\(name) \(path): could not be read whole") }
        return KeyFileContents(
            bytes: bytes,
            fingerprint: FileFingerprint(status),
            mode: status.st_mode & 0o7777,
            owner: status.st_uid,
            group: status.st_gid
        )
    }

    /// The keys in it.
    func rings() throws(KeysError) -> KeyRings {
        try bytes.withBytes { bytes throws(KeysError) in try KeyRings(parsing: bytes) }
    }

    /// A mistake of the system's making, with its own words for it.
    static func failure(_ path: String, _ what: String, name: String = "KEYS_FILE") -> KeysError {
        KeysError("\(name) \(path): \(what): \(String(cString: strerror(errno)))")
    }
}
