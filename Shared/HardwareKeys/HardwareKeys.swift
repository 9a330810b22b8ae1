import CPKCS11
import Glibc
import Synchronization
package import TokenCrypto

/// Key-encryption keys on PKCS#11 tokens, beside those of the file: data keys are sealed and opened by the token with
/// AES-256-GCM, and the key never leaves it.
///
/// Each operation has a session of its own: operations are rare (starts and rotations), and one that failed leaves
/// nothing behind. A PIN that was refused is not tried again, since that would lock the token.
package final class HardwareKeys: KeyEncryptionKeys {
    private struct State {
        /// What failed last may need to look for its tokens anew.
        var isFaulty = false
        var refusedPIN: Secret?
    }

    private static let format: UInt8 = 1
    private let library: PKCS11Library
    private let pinFile: PINFile
    private let inFile = FileKeyEncryption()
    /// Held through an operation: all sessions of a process share one login.
    private let state = Mutex(State())

    /// - Parameters:
    ///   - module: path of the token's PKCS#11 library.
    ///   - pinFile: path of a file of mode 0600 with the user's PIN.
    /// - Throws: one line that names the setting at fault.
    package init(module: String, pinFile: String) throws(KeyEncryptionError) {
        do {
            library = try PKCS11Library(path: module)
        } catch {
            throw KeyEncryptionError("PKCS11_MODULE: \(error)")
        }
        self.pinFile = PINFile(path: pinFile)
        _ = try self.pinFile.read()
    }

    /// Whether the key is there and does what it has to.
    package func check(_ key: Key) throws(KeyEncryptionError) {
        let secret = Secret.random(32)
        guard try unwrap(wrap(secret, with: key), with: key) == secret else {
            throw KeyEncryptionError("kid \(key.kid): the token does not open what it sealed")
        }
    }

    package func wrap(_ dataKey: Secret, with key: Key) throws(KeyEncryptionError) -> [UInt8] {
        guard let location = key.location else { return try inFile.wrap(dataKey, with: key) }
        let nonce = SecureRandom.bytes(PKCS11Session.nonceLength)
        let sealed = try use(key, at: location) { session, handle throws(PKCS11Failure) in
            try session.encrypt(dataKey, with: handle, nonce: nonce, aad: Self.binding(key))
        }
        return [Self.format] + nonce + sealed
    }

    package func unwrap(_ wrapped: [UInt8], with key: Key) throws(KeyEncryptionError) -> Secret? {
        guard let location = key.location else { return try inFile.unwrap(wrapped, with: key) }
        let start = 1 + PKCS11Session.nonceLength
        guard wrapped.first == Self.format, wrapped.count == start + 32 + PKCS11Session.tagLength else { return nil }
        return try use(key, at: location) { session, handle throws(PKCS11Failure) in
            do throws(PKCS11Failure) {
                return try session.decrypt(
                    Array(wrapped[start...]),
                    with: handle,
                    nonce: Array(wrapped[1..<start]),
                    aad: Self.binding(key)
                )
            } catch  where error.isOfCiphertext {
                return nil
            }
        }
    }

    private static let attempts = 8
    /// Microseconds before the second attempt; each later one waits as much longer.
    private static let pause: UInt32 = 20_000

    private static func binding(_ key: Key) -> [UInt8] { Array("usertokens data key".utf8) + [0] + Array(key.kid.utf8) }

    /// Finds the key and uses it; again, a little later, with the library made ready anew where that fails: a token can be
    /// away for a moment, as SoftHSM's is while other processes log in to it.
    private func use<Result: Sendable>(
        _ key: Key,
        at location: PKCS11URI,
        _ body: (PKCS11Session, CK_OBJECT_HANDLE) throws(PKCS11Failure) -> Result
    ) throws(KeyEncryptionError) -> Result {
        let pin = try pinFile.read()
        let outcome: Swift.Result<Result, KeyEncryptionError> = state.withLock { state in
            guard state.refusedPIN != pin else {
                return .failure(KeyEncryptionError("PKCS11_PIN_FILE: its PIN was refused, and is not tried again"))
            }
            var reason = ""
            for attempt in 0..<Self.attempts {
                if attempt > 0 { usleep(Self.pause * UInt32(attempt)) }
                if state.isFaulty { library.finalize() }
                do throws(PKCS11Failure) {
                    let (result, problem) = try self.attempt(location, pin, body)
                    state.isFaulty = result == nil
                    if let result { return .success(result) }
                    reason = problem
                } catch {
                    reason = "\(error)"
                    state.isFaulty = true
                    if error.isOfPIN {
                        state.refusedPIN = pin
                        return .failure(KeyEncryptionError("PKCS11_PIN_FILE: \(reason)"))
                    }
                }
            }
            return .failure(KeyEncryptionError("kid \(key.kid): \(reason)"))
        }
        return try outcome.get()
    }

    /// - Returns: the result, or why there is no key to use.
    private func attempt<Result>(
        _ location: PKCS11URI,
        _ pin: Secret,
        _ body: (PKCS11Session, CK_OBJECT_HANDLE) throws(PKCS11Failure) -> Result
    ) throws(PKCS11Failure) -> (result: Result?, problem: String) {
        try library.initialize()
        var slots: [CK_SLOT_ID] = []
        for slot in try library.slots() where try library.isToken(of: location, in: slot) { slots.append(slot) }
        guard slots.count == 1 else {
            return (nil, slots.isEmpty ? "there is no token of its URI" : "its URI fits several tokens")
        }
        return try library.withSession(in: slots[0], pin: pin) { session throws(PKCS11Failure) in
            let keys = try session.keys(location)
            guard keys.count == 1 else {
                return (
                    nil, keys.isEmpty ? "the token has no AES-256 key of its URI" : "its URI fits several keys"
                )
            }
            return (try body(session, keys[0]), "")
        }
    }
}
