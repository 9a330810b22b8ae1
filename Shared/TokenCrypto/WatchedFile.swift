import Synchronization

/// What a look at a watched file brought.
package enum FileReload: Sendable, Equatable {
    /// The same file as before, or the same mistake.
    case unchanged
    /// New contents are in use.
    case reloaded
    /// The new file is not usable; told once for each mistake.
    case failed(KeysError)
}

/// What a file of keys holds as it stands now: the file is read again when it changes.
///
/// A broken new file changes nothing but ``failure``: the contents that were read last stay in use.
package final class WatchedFile<Contents: Sendable>: Sendable {
    private struct State {
        var contents: Contents
        var seen: FileFingerprint?
        var lookedAt: ContinuousClock.Instant
        var failure: KeysError?
    }

    /// How a file is read: who may touch it, and what its bytes mean.
    package struct Reading: Sendable {
        let name: String
        let access: FileAccess
        let parse: @Sendable (KeyFileContents) -> Result<Contents, KeysError>

        /// - Parameter name: what the mistakes begin with: the setting that names the file.
        package init(
            name: String,
            access: FileAccess,
            parse: @escaping @Sendable (KeyFileContents) -> Result<Contents, KeysError>
        ) {
            self.name = name
            self.access = access
            self.parse = parse
        }

        fileprivate func callAsFunction(
            _ path: String
        ) throws(KeysError) -> (contents: Contents, seen: FileFingerprint) {
            let file = try KeyFileContents.read(path: path, name: name, access: access)
            return (try parse(file).get(), file.fingerprint)
        }
    }

    /// How long a look at the file is good for.
    private static var interval: Duration { .seconds(1) }
    private let path: String
    private let reading: Reading
    private let state: Mutex<State>

    /// Reads the file.
    package init(path: String, _ reading: Reading) throws(KeysError) {
        self.path = path
        self.reading = reading
        let (contents, seen) = try reading(path)
        state = Mutex(State(contents: contents, seen: seen, lookedAt: .now, failure: nil))
    }

    /// What was read last.
    package var current: Contents { state.withLock { $0.contents } }

    /// Why the file as it stands is not in use, if it is not.
    package var failure: KeysError? { state.withLock { $0.failure } }

    /// Looks whether the file has changed, at most once a second, and reads it if so.
    package func reloadIfChanged(now: ContinuousClock.Instant = .now) -> FileReload {
        state.withLock { state in
            guard now - state.lookedAt >= Self.interval else { return .unchanged }
            return look(&state, now: now)
        }
    }

    /// Reads the file, changed or not: for SIGHUP.
    package func reload(now: ContinuousClock.Instant = .now) -> FileReload {
        state.withLock { state in
            state.seen = FileFingerprint(path: path)
            return read(&state, now: now)
        }
    }

    /// Something in the file. Where it is not there the file is looked at once more: it may have changed just now.
    package func find<Value>(now: ContinuousClock.Instant = .now, _ find: (Contents) -> Value?) -> Value? {
        state.withLock { state in
            if let value = find(state.contents) { return value }
            guard look(&state, now: now) == .reloaded else { return nil }
            return find(state.contents)
        }
    }

    private func look(_ state: inout State, now: ContinuousClock.Instant) -> FileReload {
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

    private func read(_ state: inout State, now: ContinuousClock.Instant) -> FileReload {
        state.lookedAt = now
        do throws(KeysError) {
            (state.contents, state.seen) = try reading(path)
            state.failure = nil
            return .reloaded
        } catch {
            defer { state.failure = error }
            return error == state.failure ? .unchanged : .failed(error)
        }
    }
}
