import Foundation
import Testing
import TokenCrypto

@testable import HardwareKeys

@Suite("Keys on a PKCS#11 token", .serialized, .timeLimit(.minutes(2)))
struct HardwareKeysTests {
    private let token: PrivateToken

    init() throws {
        token = try PrivateToken()
    }

    private func reason(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch {
            return "\(error)"
        }
    }

    /// SoftHSM tells of a wrong tag as of any other failure, which is not taken for an answer.
    private func opened(_ wrapped: [UInt8], with key: Key, _ keys: HardwareKeys) -> Secret? {
        do {
            return try keys.unwrap(wrapped, with: key)
        } catch {
            #expect(error.description == "kid \(key.kid): C_Decrypt: 0x5 general error")
            return nil
        }
    }

    @Test("what the token wraps it unwraps, by label and by id, and OpenSSL with the same key makes of it the same")
    func wraps() throws {
        let (keys, key) = (try token.keys(), try token.key())
        try keys.check(key)
        let dataKey = Secret.random(32)
        let wrapped = try keys.wrap(dataKey, with: key)
        #expect(try keys.unwrap(wrapped, with: key) == dataKey)
        #expect(try keys.unwrap(wrapped, with: token.key(";id=%0A;type=secret-key")) == dataKey)
        #expect(try keys.wrap(dataKey, with: key) != wrapped, "a nonce of its own each time")
        let aad = Array("usertokens data key".utf8) + [0] + Array("hsm".utf8)
        #expect(AESGCM(key: token.secret).open(wrapped.dropFirst(), aad: aad) == dataKey)
    }

    @Test("what was changed, or wrapped under another name, is not unwrapped")
    func notAuthentic() throws {
        let (keys, key) = (try token.keys(), try token.key())
        let wrapped = try keys.wrap(.random(32), with: key)
        for index in [0, 1, 20, wrapped.count - 1] {
            var changed = wrapped
            changed[index] ^= 1
            #expect(opened(changed, with: key, keys) == nil, "byte \(index)")
        }
        #expect(opened(wrapped, with: try token.key(kid: "other"), keys) == nil)
        #expect(try keys.unwrap(Array(wrapped.dropLast()), with: key) == nil)
        #expect(try keys.unwrap([], with: key) == nil)
    }

    @Test("keys of the file work beside it")
    func fileKeys() throws {
        let keys = try token.keys()
        let (key, dataKey) = (Key(kid: "file", ring: .kek, secret: .random(32)), Secret.random(32))
        let wrapped = try keys.wrap(dataKey, with: key)
        #expect(try FileKeyEncryption().unwrap(wrapped, with: key) == dataKey)
        let onToken = try token.key()
        #expect(throws: KeyEncryptionError.self) { try FileKeyEncryption().wrap(dataKey, with: onToken) }
    }

    @Test("many threads at once get what they asked for")
    func threads() async throws {
        let (keys, key) = (try token.keys(), try token.key())
        let right = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let dataKey = Secret.random(32)
                    return try keys.unwrap(keys.wrap(dataKey, with: key), with: key) == dataKey
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 8)
    }

    @Test("a token that came after the library was made ready is found, and sessions that were lost are opened anew")
    func again() throws {
        let (keys, key) = (try token.keys(), try token.key())
        try keys.check(key)
        try PKCS11Library(path: PrivateToken.module).finalize()
        try keys.check(key)
        let later = try PrivateToken()
        try later.keys().check(later.key())
    }

    @Test("a setting that is wrong is named, and its value is not")
    func settings() throws {
        #expect(
            reason { _ = try HardwareKeys(module: "/none.so", pinFile: token.pinFile) }
                == "PKCS11_MODULE: the library cannot be loaded"
        )
        #expect(
            reason { _ = try HardwareKeys(module: "/lib/x86_64-linux-gnu/libm.so.6", pinFile: token.pinFile) }
                == "PKCS11_MODULE: the library has no C_GetFunctionList"
        )
        #expect(
            reason { _ = try HardwareKeys(module: PrivateToken.module, pinFile: "/none") }
                == "PKCS11_PIN_FILE /none: cannot be opened: No such file or directory"
        )
        try token.write(pin: PrivateToken.pin, mode: 0o644)
        #expect(reason { _ = try token.keys() }.contains("group or others have access"))
        try token.write(pin: "\n")
        #expect(reason { _ = try token.keys() }.contains("has no PIN"))
        try token.write(pin: PrivateToken.pin)
        let keys = try token.keys()
        let absent = try token.key(";object=none")
        #expect(reason { try keys.check(absent) } == "kid hsm: the token has no AES-256 key of its URI")
        let elsewhere = try token.key("-other;object=kek")
        #expect(reason { try keys.check(elsewhere) } == "kid hsm: there is no token of its URI")
    }

    @Test("a PIN that was refused is not tried again until the file has another one")
    func refusedPIN() throws {
        let (keys, key) = (try token.keys(), try token.key())
        try token.write(pin: "wrong-pin")
        #expect(reason { try keys.check(key) } == "PKCS11_PIN_FILE: C_Login: 0xa0 PIN incorrect")
        #expect(reason { try keys.check(key) } == "PKCS11_PIN_FILE: its PIN was refused, and is not tried again")
        try token.write(pin: PrivateToken.pin)
        try keys.check(key)
    }
}
