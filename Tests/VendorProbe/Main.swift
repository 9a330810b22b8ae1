import CSeccomp
import Glibc
import TokenCrypto
import VendorFiles

/// Reads a vendor's file from standard input while the kernel forbids it every other file and the network, and tells what
/// came of it. With the argument `open` it opens a file itself, to show that the kernel is watching.
@main
enum VendorProbe {
    static func main() {
        let bytes = standardInput()
        let password = Secret("qwerty".utf8)
        let key = Secret((0..<8).flatMap { _ in [UInt8(0x12), 0x34, 0x56, 0x78, 0x90] }.prefix(16))
        // OpenSSL reads its configuration when it is first used, whatever the file is.
        _ = PBKDF2.key(password: password, salt: [1], iterations: 1, length: 16, algorithm: .sha1)
        _ = AESCBC.open([UInt8](repeating: 0, count: 32), key: key)
        _ = HMACContext(algorithm: .sha1, key: key)
        guard user_tokens_forbid_files_and_network() == 0 else { fatalError("this kernel cannot forbid system calls") }

        if CommandLine.arguments.contains("open") { _ = open("/dev/null", O_RDONLY) }
        do throws(UnreadableFile) {
            let file = try VendorFiles.read(bytes, key: key, password: password)
            tell("read \(file.entries.count), skipped \(file.skipped.count)")
        } catch {
            tell("refused: \(error.reason.rawValue)")
        }
        // At once: a sanitizer's last act is to look for leaks, in files that are forbidden now.
        _exit(0)
    }

    /// Without stdio, which asks what standard output is.
    private static func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }

    private static func standardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(count)
        }
    }
}
