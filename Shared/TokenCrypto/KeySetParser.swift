/// Reads a JWK Set and collects every mistake in it.
struct KeySetParser {
    private static let maximumKeys = 1_000

    private let bytes: UnsafeRawBufferPointer
    private var problems: [String] = []
    private var keys: [Key] = []

    static func keys(in bytes: UnsafeRawBufferPointer) throws(KeysError) -> [Key] {
        var parser = KeySetParser(bytes: bytes)
        for (index, node) in try elements(in: bytes).keys.enumerated() { parser.read(node, at: index) }
        parser.compareKeys()
        guard parser.problems.isEmpty else { throw KeysError(parser.problems) }
        return parser.keys
    }

    /// The nodes of a set's keys.
    struct Elements {
        let keys: [JSONNode]
        /// Where each of them lies.
        let places: [Range<Int>]
        /// Where a further one may be put.
        let end: Int
    }

    /// The nodes of the set's keys.
    static func elements(in bytes: UnsafeRawBufferPointer) throws(KeysError) -> Elements {
        guard bytes.count <= KeyRings.maximumLength else {
            throw KeysError("KEYS_FILE: longer than \(KeyRings.maximumLength) bytes")
        }
        let root: JSONNode
        do {
            root = try JSONReader.read(bytes)
        } catch {
            throw KeysError("KEYS_FILE: no JSON, a member twice, or too much nesting, at byte \(error.offset)")
        }
        guard case .object(let members) = root,
            case .array(let keys, let places, let end)? = members.first(where: { $0.name == "keys" })?.value
        else { throw KeysError("KEYS_FILE: no JWK Set: an object with an array \"keys\"") }
        guard keys.count <= maximumKeys else { throw KeysError("KEYS_FILE: more than \(maximumKeys) keys") }
        return Elements(keys: keys, places: places, end: end)
    }

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private mutating func read(_ node: JSONNode, at index: Int) {
        guard case .object(let list) = node else {
            problems.append("KEYS_FILE: keys[\(index)] is no object")
            return
        }
        let members = Dictionary(list.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        var place = "KEYS_FILE: keys[\(index)]"
        let kid = text("kid", of: members, at: place)
        if let kid {
            // A name that is none is not repeated: it may be a key that was put in the wrong member.
            if Key.isValidName(kid) {
                place += " (kid \(kid))"
            } else {
                problems.append("\(place): \"kid\" is not 1-64 of A-Z a-z 0-9 . _ ~ : @ -")
            }
        }
        let ring = text("ring", of: members, at: place).flatMap { name in
            choice(Ring(rawValue: name), "ring", Ring.allCases.map(\.rawValue), at: place)
        }
        let state = text("state", of: members, at: place).flatMap { name in
            choice(KeyState(rawValue: name), "state", ["active", "retired"], at: place)
        }
        guard let type = text("kty", of: members, at: place), let ring else { return }
        guard type == ring.keyType.rawValue else {
            problems.append("\(place): ring \(ring.rawValue) wants \"kty\" \"\(ring.keyType.rawValue)\"")
            return
        }
        if ring == .kek, members["pkcs11"] != nil {
            guard let location = location(of: members, at: place), let kid, Key.isValidName(kid), let state else {
                return
            }
            keys.append(Key(kid: kid, state: state, location: location))
            return
        }
        guard let secret = secret(ring.keyType == .oct ? "k" : "d", of: members, at: place) else { return }
        if ring.keyType == .okp { checkPair(members, secret, at: place) }
        guard let kid, Key.isValidName(kid), let state else { return }
        keys.append(Key(kid: kid, ring: ring, state: state, secret: secret))
    }

    private mutating func text(_ name: String, of members: [String: JSONNode], at place: String) -> String? {
        guard let value = members[name] else {
            problems.append("\(place): \"\(name)\" is missing")
            return nil
        }
        guard case .string(let text) = value else {
            problems.append("\(place): \"\(name)\" is no string")
            return nil
        }
        return JSONReader.string(text, in: bytes)
    }

    private mutating func choice<Value>(_ value: Value?, _ name: String, _ known: [String], at place: String) -> Value?
    {
        if value == nil { problems.append("\(place): \"\(name)\" is none of \(known.joined(separator: ", "))") }
        return value
    }

    private mutating func secret(_ name: String, of members: [String: JSONNode], at place: String) -> Secret? {
        guard let value = members[name] else {
            problems.append("\(place): \"\(name)\" is missing")
            return nil
        }
        // Base64url needs no escape; read in place, so that no string of it stays behind.
        guard case .string(let text) = value, text.unescaped == nil,
            var key = Base64URL.decode(UnsafeRawBufferPointer(rebasing: bytes[text.range]))
        else {
            problems.append("\(place): \"\(name)\" is no base64url without padding")
            return nil
        }
        defer { wipe(&key) }
        guard key.count == 32 else {
            problems.append("\(place): \"\(name)\" is not 256 bits long")
            return nil
        }
        guard Set(key).count > 8 else {
            problems.append("\(place): \"\(name)\" is no random key")
            return nil
        }
        return Secret(consuming: &key, locked: true)
    }

    private mutating func location(of members: [String: JSONNode], at place: String) -> PKCS11URI? {
        guard members["k"] == nil else {
            problems.append("\(place): has both \"k\" and \"pkcs11\"")
            return nil
        }
        guard let text = text("pkcs11", of: members, at: place) else { return nil }
        guard let location = PKCS11URI(text) else {
            problems.append(
                "\(place): \"pkcs11\" is no URI of RFC 7512 with token or serial, and object or id, and no query"
            )
            return nil
        }
        return location
    }

    private mutating func checkPair(_ members: [String: JSONNode], _ secret: Secret, at place: String) {
        if let curve = text("crv", of: members, at: place), curve != "Ed25519" {
            problems.append("\(place): \"crv\" is not Ed25519")
        }
        if let point = text("x", of: members, at: place), Base64URL.decode(point) != Ed25519.publicKey(of: secret) {
            problems.append("\(place): \"x\" is not the public key of \"d\"")
        }
    }

    private mutating func compareKeys() {
        var names: Set<String> = []
        var active: [Ring: String] = [:]
        for (index, key) in keys.enumerated() {
            if !names.insert(key.kid).inserted { problems.append("KEYS_FILE: kid \(key.kid) twice") }
            // Rings are kept apart by their keys alone.
            if let twin = keys[..<index].first(where: { $0.location == key.location && $0.secret == key.secret }) {
                problems.append("KEYS_FILE: kid \(key.kid) and kid \(twin.kid) are the same key")
            }
            guard key.state == .active else { continue }
            if let other = active.updateValue(key.kid, forKey: key.ring) {
                problems.append("KEYS_FILE: ring \(key.ring.rawValue) has two active keys, \(other) and \(key.kid)")
            }
        }
    }
}
