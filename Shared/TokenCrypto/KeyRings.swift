/// The keys of `KEYS_FILE`, by ring and name.
package struct KeyRings: Sendable {
    /// Bytes that a key file may have.
    package static let maximumLength = 262_144

    /// All keys, in the order of the file.
    package let keys: [Key]
    private let byName: [String: Key]
    private let activeByRing: [Ring: Key]

    /// Reads a JWK Set (RFC 7517 §5).
    ///
    /// Members that are not ours are ignored, as RFC 7517 wants it. Nothing is read but `bytes`.
    /// - Throws: every mistake in it: no JSON, no key set, a missing or unknown ring or state, a key that is not 256 bits
    ///   long or plainly not random, a name or a key twice, two active keys of one ring.
    package init(parsing bytes: some Collection<UInt8>) throws(KeysError) {
        let keys = try withContiguousBytes(bytes) { bytes throws(KeysError) in
            try KeySetParser.keys(in: bytes)
        }
        self.init(keys)
    }

    /// Reads a key file.
    ///
    /// - Throws: besides what ``init(parsing:)`` finds: a file that cannot be opened, is no regular file, too large, or
    ///   grants anything to group or others.
    package static func load(path: String) throws(KeysError) -> KeyRings {
        try KeyFileContents.read(path: path).rings()
    }

    /// Rings of keys that were checked already.
    init(_ keys: [Key]) {
        self.keys = keys
        byName = Dictionary(keys.map { ($0.kid, $0) }, uniquingKeysWith: { first, _ in first })
        activeByRing = Dictionary(
            keys.filter { $0.state == .active }.map { ($0.ring, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The rings that have a key, active or not.
    package var rings: Set<Ring> { Set(keys.map(\.ring)) }

    /// The key that seals for a ring.
    package func active(_ ring: Ring) -> Key? {
        activeByRing[ring]
    }

    /// A key of a ring, active or retired; nil where the name is another ring's.
    package func key(_ ring: Ring, kid: String) -> Key? {
        guard let key = byName[kid], key.ring == ring else { return nil }
        return key
    }

    /// A line for each ring that a service needs and that has no active key (exit code 78).
    package func problems(needing rings: [Ring]) -> [String] {
        rings.filter { active($0) == nil }.map { "KEYS_FILE: ring \($0.rawValue) has no active key" }
    }
}
