import Synchronization

/// The keys of `KEYS_FILE` as they stand now: the file is read again when it changes.
///
/// A broken new file changes nothing but ``failure``: the keys that were read last stay in use.
package final class KeySource: Sendable {
    /// What a look at the file brought.
    package enum Reload: Sendable, Equatable {
        /// The same file as before, or the same mistake.
        case unchanged
        /// New keys are in use.
        case reloaded
        /// The new file is not usable; told once for each mistake.
        case failed(KeysError)
    }

    private struct State {
        var rings: KeyRings
        var seen: FileFingerprint?
        var lookedAt: ContinuousClock.Instant
        var failure: KeysError?
    }

    /// How long a look at the file is good for.
    private static let interval: Duration = .seconds(1)
    private let path: String
    private let state: Mutex<State>
    /// What the keys of ring `kek` are used through.
    package let keyEncryption: any KeyEncryptionKeys

    /// Reads the file.
    package init(
        path: String,
        keyEncryption: any KeyEncryptionKeys = FileKeyEncryption()
    ) throws(KeysError) {
        self.path = path
        self.keyEncryption = keyEncryption
        let contents = try KeyFileContents.read(path: path)
        let rings = try contents.rings(path: path)
        state = Mutex(State(rings: rings, seen: contents.fingerprint, lookedAt: .now, failure: nil))
    }

    /// The keys that were read last.
    package var current: KeyRings { state.withLock { $0.rings } }

    /// Why the file as it stands is not in use, if it is not.
    package var failure: KeysError? { state.withLock { $0.failure } }

    /// Looks whether the file has changed, at most once a second, and reads it if so.
    package func reloadIfChanged(now: ContinuousClock.Instant = .now) -> Reload {
        state.withLock { state in
            guard now - state.lookedAt >= Self.interval else { return .unchanged }
            return look(&state, now: now)
        }
    }

    /// Reads the file, changed or not: for SIGHUP.
    package func reload(now: ContinuousClock.Instant = .now) -> Reload {
        state.withLock { state in
            state.seen = FileFingerprint(path: path)
            return read(&state, now: now)
        }
    }

    /// A key, active or retired. Where the name is unknown the file is looked at once more: it may have changed just now.
    package func key(_ ring: Ring, kid: String, now: ContinuousClock.Instant = .now) -> Key? {
        state.withLock { state in
            if let key = state.rings.key(ring, kid: kid) { return key }
            guard look(&state, now: now) == .reloaded else { return nil }
            return state.rings.key(ring, kid: kid)
        }
    }

    /// The keys, looked at once more where they do not have what somebody else, who may know a newer file, has used.
    package func rings(
        now: ContinuousClock.Instant = .now,
        having isThere: (KeyRings) -> Bool
    ) -> KeyRings {
        let rings = current
        if isThere(rings) { return rings }
        return state.withLock { state in
            _ = look(&state, now: now)
            return state.rings
        }
    }

    private func look(_ state: inout State, now: ContinuousClock.Instant) -> Reload {
        let found = FileFingerprint(path: path)
        // A file that could not be read may become readable without changing, so it is tried again, but not for every
        // unknown name that somebody sends.
        let isWorthAnotherTry = state.failure != nil && now - state.lookedAt >= Self.interval
        guard found != state.seen || isWorthAnotherTry else {
            if now - state.lookedAt >= Self.interval { state.lookedAt = now }
            return .unchanged
        }
        state.seen = found
        return read(&state, now: now)
    }

    private func read(_ state: inout State, now: ContinuousClock.Instant) -> Reload {
        state.lookedAt = now
        do throws(KeysError) {
            let contents = try KeyFileContents.read(path: path)
            state.rings = try contents.rings(path: path)
            state.seen = contents.fingerprint
            state.failure = nil
            return .reloaded
        } catch {
            defer { state.failure = error }
            return error == state.failure ? .unchanged : .failed(error)
        }
    }
}
