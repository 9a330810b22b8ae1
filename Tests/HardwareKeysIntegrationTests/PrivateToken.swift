import Foundation
import HardwareKeys
import TestSupport
import TokenCrypto

/// SoftHSM with tokens of this process's own; every test makes one.
struct PrivateToken {
    static let module = "/usr/lib/softhsm/libsofthsm2.so"
    static let pin = "7512-pin"
    let label = "t-\(UUID().uuidString.prefix(8))"
    let pinFile: String
    /// The key on the token: also known here, so that what the token does can be done again without it.
    ///
    /// Letters only: softhsm2-util ends a key at a zero or a line feed.
    let secret = Secret((0..<32).map { _ in UInt8.random(in: UInt8(ascii: "A")...UInt8(ascii: "z")) })

    /// SoftHSM reads its configuration once a process.
    private static let folder: Result<URL, any Error> = Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "softhsm-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "tokens"),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let configuration = folder.appending(path: "softhsm2.conf")
        try "directories.tokendir = \(folder.path)/tokens\nlog.level = ERROR\n"
            .write(to: configuration, atomically: true, encoding: .utf8)
        setenv("SOFTHSM2_CONF", configuration.path, 1)
        atexit { removePrivateTokens() }
        return folder
    }

    static func removeAll() {
        if case .success(let folder) = folder { do { try FileManager.default.removeItem(at: folder) } catch {} }
    }

    init() throws {
        let folder = try Self.folder.get()
        let name = String(label)
        try Self.tool("--init-token", "--free", "--label", name, "--so-pin", "12345678", "--pin", Self.pin)
        pinFile = folder.appending(path: "\(name).pin").path
        try write(pin: Self.pin + "\n")
        let key = folder.appending(path: "\(name).key")
        try secret.withBytes { try Data($0).write(to: key) }
        try Self.tool("--import", key.path, "--aes", "--token", name, "--label", "kek", "--id", "0a", "--pin", Self.pin)
    }

    func write(pin: String, mode: Int = 0o600) throws {
        try pin.write(toFile: pinFile, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: pinFile)
    }

    func keys() throws -> HardwareKeys { try HardwareKeys(module: Self.module, pinFile: pinFile) }

    func key(_ rest: String = ";object=kek", kid: String = "hsm") throws -> Key {
        struct NoURI: Error {}
        guard let uri = PKCS11URI("pkcs11:token=\(label)\(rest)") else { throw NoURI() }
        return Key(kid: kid, location: uri)
    }

    private static func tool(_ arguments: String...) throws {
        struct Failed: Error { let output: String }
        let child = try ChildProcess("softhsm2-util", arguments)
        guard try child.waitForExit() == 0 else { throw Failed(output: child.outputSoFar + child.errors) }
    }
}

private func removePrivateTokens() { PrivateToken.removeAll() }
