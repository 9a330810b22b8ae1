package import Contract
package import TokenCore
package import TokenCrypto

/// Secrets that cross a topic, as JWE of the right ring (contract section 10).
///
/// One for each worker thread; not thread-safe.
package final class SealedEnvelopes {
    private let keys: KeySource
    private let requiresSealing: Bool
    private var sealers: [Ring: (key: Secret, sealer: JWESealer)] = [:]

    /// - Parameter requiresSealing: refuse secrets in clear (`SEALED_COMMANDS=required`).
    package init(keys: KeySource, requiresSealing: Bool) {
        self.keys = keys
        self.requiresSealing = requiresSealing
    }

    /// The sealed part of a notification: bound to its user, worthless after `expires`.
    package func seal(notification content: JSONObject, owner: UserKey, expires: Instant) -> String {
        var object = content
        bind(&object, to: .user(owner), use: .notification, expires: expires)
        return seal(object.serialized(), ring: .notification)
    }

    /// A record's value, byte for byte, for the dead-letter topic.
    package func seal(deadLetter value: [UInt8]) -> [UInt8] {
        Array(seal(value, ring: .dlq).utf8)
    }

    /// The content of a notification.
    ///
    /// - Returns: nil where the JWE does not open, is bound to another user or use, or has ended.
    package func open(notification jwe: String, owner: UserKey, at now: Instant) -> JSONObject? {
        open(jwe, ring: .notification, owner: .user(owner), at: now)
    }

    private func open(_ jwe: String, ring: Ring, owner: SecretOwner, at now: Instant) -> JSONObject? {
        let plaintext: Secret
        do {
            plaintext = try JWE.open(Array(jwe.utf8)) { keys.key(ring, kid: $0) }
        } catch {
            return nil
        }
        let parsed: JSONValue
        do {
            parsed = try plaintext.withBytes { try JSONParser.parse([UInt8]($0)) }
        } catch {
            return nil
        }
        guard let object = parsed.objectValue, object["use"] == .string(ring.rawValue),
            owner.isNamed(by: object), case .integer(let end)? = object["exp"], now.seconds < end
        else { return nil }
        return object
    }

    private func bind(_ object: inout JSONObject, to owner: SecretOwner, use: Ring, expires: Instant) {
        for (name, value) in owner.names { object[name] = .string(value) }
        object["use"] = .string(use.rawValue)
        object["exp"] = .integer(expires.seconds)
    }

    private func seal(_ plaintext: [UInt8], ring: Ring) -> String {
        guard let key = keys.current.active(ring) else {
            preconditionFailure("a worker starts with a key of each ring that it seals for")
        }
        if let known = sealers[ring], known.key === key.secret {
            return String(decoding: known.sealer.seal(plaintext), as: UTF8.self)
        }
        let sealer = JWESealer(key: key)
        sealers[ring] = (key.secret, sealer)
        return String(decoding: sealer.seal(plaintext), as: UTF8.self)
    }
}

extension SealedEnvelopes: SecretEnvelopes {
    package func open(
        _ text: String,
        member: String,
        owner: SecretOwner,
        at now: Instant
    ) throws(Rejection) -> String {
        guard text.hasPrefix("eyJ") else {
            if requiresSealing { throw Rejection(.plaintextNotAllowed) }
            return text
        }
        guard let object = open(text, ring: .submission, owner: owner, at: now),
            let value = object[member]?.stringValue
        else { throw Rejection(.invalidCiphertext) }
        return value
    }

    package func seal(uri: String, owner: UserKey, expires: Instant) -> String {
        sealProvisioning(["uri": .string(uri)], owner: owner, expires: expires)
    }

    package func seal(codes: [String], owner: UserKey, expires: Instant) -> String {
        sealProvisioning(["codes": .array(codes.map { .string($0) })], owner: owner, expires: expires)
    }

    private func sealProvisioning(_ content: JSONObject, owner: UserKey, expires: Instant) -> String {
        var object = content
        bind(&object, to: .user(owner), use: .provisioning, expires: expires)
        return seal(object.serialized(), ring: .provisioning)
    }
}

extension SecretOwner {
    /// The members of the plaintext that name the owner.
    fileprivate var names: [(name: String, value: String)] {
        switch self {
        case .user(let user): [("tenant", user.tenant), ("userId", user.userID)]
        case .device(let tenant, let serial): [("tenant", tenant), ("serial", serial)]
        }
    }

    fileprivate func isNamed(by object: JSONObject) -> Bool {
        names.allSatisfy { object[$0.name] == .string($0.value) }
    }
}
