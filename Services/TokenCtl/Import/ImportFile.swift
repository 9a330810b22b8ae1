import Foundation
import Glibc
import TokenCrypto
import VendorFiles
import WorkerRuntime

/// The files that `import` reads: the vendor's, and what opens it.
enum ImportFile {
    /// Bytes that a file with a key or a password may have.
    private static let secretLimit = 4_096

    /// A vendor's file; `-` is standard input.
    static func bytes(_ path: String) throws(ProcessExit) -> [UInt8] {
        try path == "-"
            ? read(STDIN_FILENO, name: "standard input", limit: VendorFiles.maximumLength)
            : withFile(path) { descriptor throws(ProcessExit) in
                try read(descriptor, name: path, limit: VendorFiles.maximumLength)
            }
    }

    /// A key: hexadecimal, or the bytes themselves; a line end is no part of it.
    static func key(_ path: String) throws(ProcessExit) -> Secret {
        var bytes = try secret(path)
        defer { wipe(&bytes) }
        guard let key = key(in: bytes) else {
            throw ProcessExit(ProcessExit.unreadable, "\(path): there is no key in it")
        }
        return key
    }

    /// A password: the first line.
    static func password(_ path: String) throws(ProcessExit) -> Secret {
        var bytes = try secret(path)
        defer { wipe(&bytes) }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else { throw ProcessExit(ProcessExit.unreadable, "\(path): its first line is empty") }
        return Secret(line)
    }

    /// The key that the bytes of a file mean. A raw key may end in what looks like a line end: its length tells.
    static func key(in bytes: [UInt8]) -> Secret? {
        var rest = bytes[...]
        if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        guard !rest.isEmpty else { return nil }
        let text = String(decoding: rest, as: UTF8.self)
        if var key = hexadecimal(text) { return Secret(consuming: &key) }
        return Secret([16, 24, 32].contains(bytes.count) ? bytes[...] : rest)
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = text.compactMap { $0.isASCII ? $0.hexDigitValue.map(UInt8.init) : nil }
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Others' access to it is told, not refused: the file is not ours.
    private static func secret(_ path: String) throws(ProcessExit) -> [UInt8] {
        try withFile(path) { descriptor throws(ProcessExit) in
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 {
                Output.diagnose("\(path): group or others have access to it")
            }
            return try read(descriptor, name: path, limit: secretLimit)
        }
    }

    private static func withFile<Value>(
        _ path: String,
        _ body: (Int32) throws(ProcessExit) -> Value
    ) throws(ProcessExit) -> Value {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    private static func read(_ descriptor: Int32, name: String, limit: Int) throws(ProcessExit) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        defer { wipe(&buffer) }
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(name, "cannot be read") }
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else {
                throw ProcessExit(ProcessExit.unreadable, "\(name): longer than \(limit) bytes")
            }
        }
    }

    private static func failure(_ path: String, _ what: String) -> ProcessExit {
        ProcessExit(ProcessExit.unreadable, "\(path): \(what): \(String(cString: strerror(errno)))")
    }
}
