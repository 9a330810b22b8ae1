import Glibc

/// Makes and changes key files; services only read them.
package enum KeyFile {
    /// Writes a new file of mode 0600 with one active key for each ring.
    ///
    /// - Throws: where the file is there already, whatever is in it, or cannot be written.
    package static func create(path: String, rings: [Ring] = Ring.allCases) throws(KeysError) {
        let keys = rings.map { entry(of: newKey(for: $0), location: nil) }.joined(separator: ",\n")
        let folder = try openFolder(of: path)
        defer { close(folder) }
        try write("{\"keys\": [\n\(keys)\n]}\n", path: path, mode: 0o600)
        try synchronize(folder, path)
    }

    /// Writes a new file of mode 0600 with a private key that signs commands: one JWK (RFC 8037, Ed25519).
    ///
    /// - Returns: the JWK Set of its public half, for those who verify.
    /// - Throws: where the file is there already, or cannot be written.
    package static func createSigningKey(path: String) throws(KeysError) -> String {
        let secret = Secret.random(32)
        let suffix = Base32.encode(SecureRandom.bytes(10)).lowercased()
        let publicHalf =
            "\"kid\": \"command-\(suffix)\", \"kty\": \"OKP\", \"crv\": \"Ed25519\", \"alg\": \"EdDSA\", "
            + "\"use\": \"sig\", \"x\": \"\(Base64URL.encode(Ed25519.publicKey(of: secret)))\""
        let folder = try openFolder(of: path)
        defer { close(folder) }
        let privateHalf = secret.withBytes { Base64URL.encode($0) }
        try write("{\(publicHalf), \"d\": \"\(privateHalf)\"}\n", path: path, mode: 0o600)
        try synchronize(folder, path)
        return "{\"keys\": [{\(publicHalf)}]}"
    }

    /// Adds an active key to a ring and retires the one that was active.
    ///
    /// The new file takes the old one's place in one step, with its mode and owner; everything else in it stays as it was.
    /// Waits for other rotations in the same folder to end.
    /// - Returns: the new key's name.
    /// - Throws: where the file cannot be used as it is, or cannot be replaced.
    package static func rotate(path: String, ring: Ring) throws(KeysError) -> String {
        try add(newKey(for: ring), path: path)
    }

    /// Makes a key on a token the active key-encryption key and retires the one that was active.
    ///
    /// - Returns: the name that the key has in the file.
    /// - Throws: where `location` is no URI that names a key, or the file cannot be used or replaced.
    package static func rotate(path: String, to location: String) throws(KeysError) -> String {
        guard let uri = PKCS11URI(location) else {
            throw KeysError("the URI is not one of RFC 7512 with token or serial, and object or id, and no query")
        }
        return try add(Key(kid: newName(for: .kek), location: uri), path: path, location: location)
    }

    private static func add(_ key: Key, path: String, location: String? = nil) throws(KeysError) -> String {
        try change(path) { bytes throws(KeysError) in
            try rotated(bytes, adding: key, entry(of: key, location: location))
        }
        return key.kid
    }

    /// Takes a retired key out, in one step as a rotation does; everything else in the file stays as it was.
    ///
    /// - Throws: where there is no retired key of this name, or the file cannot be used or replaced.
    package static func remove(path: String, kid: String) throws(KeysError) {
        try change(path) { bytes throws(KeysError) in
            let keys = try KeySetParser.keys(in: bytes)
            guard let index = keys.firstIndex(where: { $0.kid == kid }) else {
                throw KeysError("KEYS_FILE: no key has this name")
            }
            guard keys[index].state == .retired else { throw KeysError("KEYS_FILE: kid \(kid) is active") }
            let places = try KeySetParser.elements(in: bytes).places
            let range =
                if index > 0 {
                    places[index - 1].upperBound..<places[index].upperBound
                } else {
                    places[0].lowerBound..<(places.count > 1 ? places[1].lowerBound : places[0].upperBound)
                }
            var text = Array(bytes)
            defer { wipe(&text) }
            text.removeSubrange(range)
            _ = try KeyRings(parsing: text)
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Replaces the file by what `edit` makes of it, while others who would change it wait.
    private static func change(
        _ path: String,
        _ edit: (UnsafeRawBufferPointer) throws(KeysError) -> String
    ) throws(KeysError) {
        guard let resolved = realpath(path, nil) else { throw KeyFileContents.failure(path, "cannot be found") }
        defer { free(resolved) }
        let path = String(cString: resolved)  // a link stays a link

        // The folder is locked, not the file: the file that was locked would be gone after the first change.
        let folder = try openFolder(of: path)
        defer { close(folder) }
        while flock(folder, LOCK_EX) != 0 {
            guard errno == EINTR else { throw KeyFileContents.failure(path, "its folder cannot be locked") }
        }
        let contents = try KeyFileContents.read(path: path)
        let text = try contents.bytes.withBytes(edit)
        try replace(path, with: text, like: contents)
        try synchronize(folder, path)
    }

    private static func newName(for ring: Ring) -> String {
        "\(ring.rawValue)-\(Base32.encode(SecureRandom.bytes(10)).lowercased())"
    }

    private static func newKey(for ring: Ring) -> Key {
        Key(kid: newName(for: ring), ring: ring, secret: .random(32))
    }

    private static func entry(of key: Key, location: String?) -> String {
        let secret = key.secret.withBytes { Base64URL.encode($0) }
        let type =
            if let location {
                "\"kty\": \"oct\", \"pkcs11\": \"\(escaped(location))\""
            } else if let publicKey = key.publicKey {
                "\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"\(Base64URL.encode(publicKey))\", \"d\": \"\(secret)\""
            } else {
                "\"kty\": \"oct\", \"k\": \"\(secret)\""
            }
        let names = "\"kid\": \"\(key.kid)\", \"ring\": \"\(key.ring.rawValue)\", \"state\": \"\(key.state.rawValue)\""
        return "  {\(names), \(type)}"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    /// The file's text with one more key, the ring's active one turned to `retired` in place.
    private static func rotated(
        _ bytes: UnsafeRawBufferPointer,
        adding key: Key,
        _ entry: String
    ) throws(KeysError) -> String {
        _ = try KeySetParser.keys(in: bytes)
        let set = try KeySetParser.elements(in: bytes)
        var text = Array(bytes)
        defer { wipe(&text) }
        // From the end, so that the offsets before stay true.
        var end = set.end
        while end > 0, [0x20, 0x0A, 0x0D, 0x09].contains(text[end - 1]) { end -= 1 }
        text.insert(contentsOf: ((set.keys.isEmpty ? "\n" : ",\n") + entry).utf8, at: end)
        for node in set.keys.reversed() {
            guard case .object(let members) = node else { continue }
            func value(_ name: String) -> JSONText? {
                guard case .string(let text)? = members.first(where: { $0.name == name })?.value else { return nil }
                return text
            }
            guard let ring = value("ring"), let state = value("state"),
                JSONReader.string(ring, in: bytes) == key.ring.rawValue,
                JSONReader.string(state, in: bytes) == KeyState.active.rawValue
            else { continue }
            text.replaceSubrange(state.range, with: KeyState.retired.rawValue.utf8)
        }
        _ = try KeyRings(parsing: text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func replace(_ path: String, with text: String, like old: KeyFileContents) throws(KeysError) {
        let suffix = Base32.encode(SecureRandom.bytes(5)).lowercased()
        let draft = "\(path).\(suffix)"
        try write(text, path: draft, mode: old.mode, owner: old.owner, group: old.group)
        guard rename(draft, path) == 0 else {
            let error = KeyFileContents.failure(path, "cannot be replaced")
            unlink(draft)
            throw error
        }
    }

    /// Writes a file that was not there before, down to the disk; leaves none behind where that fails.
    private static func write(
        _ text: String,
        path: String,
        mode: mode_t,
        owner: uid_t? = nil,
        group: gid_t? = nil
    ) throws(KeysError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw KeyFileContents.failure(path, "cannot be created") }
        defer { close(descriptor) }
        do throws(KeysError) {
            // A rotation run by root must leave a file that the service can still read.
            if let owner, let group, fchown(descriptor, owner, group) != 0 {
                throw KeyFileContents.failure(path, "cannot be given to the owner of the old one")
            }
            guard fchmod(descriptor, mode) == 0 else { throw KeyFileContents.failure(path, "cannot be given its mode") }
            var bytes = Array(text.utf8)
            defer { wipe(&bytes) }
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { bytes in
                    Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw KeyFileContents.failure(path, "cannot be written") }
                written += count
            }
            guard fsync(descriptor) == 0 else { throw KeyFileContents.failure(path, "cannot be written") }
        } catch {
            unlink(path)
            throw error
        }
    }

    private static func openFolder(of path: String) throws(KeysError) -> Int32 {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeyFileContents.failure(path, "its folder cannot be opened") }
        return descriptor
    }

    /// Makes the file's name last through a power cut.
    private static func synchronize(_ folder: Int32, _ path: String) throws(KeysError) {
        guard fsync(folder) == 0 else { throw KeyFileContents.failure(path, "its folder cannot be written") }
    }
}
