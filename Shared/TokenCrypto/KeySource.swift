/// The keys of `KEYS_FILE` as they stand now: the file is read again when it changes.
///
/// A broken new file changes nothing but ``failure``: the keys that were read last stay in use.
package final class KeySource: Sendable {
    private let file: WatchedFile<KeyRings>
    /// What the keys of ring `kek` are used through.
    package let keyEncryption: any KeyEncryptionKeys

    /// Reads the file.
    package init(
        path: String,
        keyEncryption: any KeyEncryptionKeys = FileKeyEncryption()
    ) throws(KeysError) {
        self.keyEncryption = keyEncryption
        file = try WatchedFile(
            path: path,
            WatchedFile.Reading(name: "KEYS_FILE", access: .secret) { contents in
                do throws(KeysError) {
                    return .success(try contents.rings())
                } catch {
                    return .failure(error)
                }
            }
        )
    }

    /// The keys that were read last.
    package var current: KeyRings { file.current }

    /// Why the file as it stands is not in use, if it is not.
    package var failure: KeysError? { file.failure }

    /// Looks whether the file has changed, at most once a second, and reads it if so.
    package func reloadIfChanged(now: ContinuousClock.Instant = .now) -> FileReload { file.reloadIfChanged(now: now) }

    /// Reads the file, changed or not: for SIGHUP.
    package func reload(now: ContinuousClock.Instant = .now) -> FileReload { file.reload(now: now) }

    /// A key, active or retired. Where the name is unknown the file is looked at once more: it may have changed just now.
    package func key(_ ring: Ring, kid: String, now: ContinuousClock.Instant = .now) -> Key? {
        file.find(now: now) { $0.key(ring, kid: kid) }
    }

    /// The keys, looked at once more where they do not have what somebody else, who may know a newer file, has used.
    package func rings(
        now: ContinuousClock.Instant = .now,
        having isThere: (KeyRings) -> Bool
    ) -> KeyRings {
        file.find(now: now) { isThere($0) ? $0 : nil } ?? current
    }
}
