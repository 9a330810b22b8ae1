package import TokenCore

/// Envelopes that can be read: `sealed(…)` around the text, with owner and end.
package struct ClearEnvelopes: SecretEnvelopes {
    package init() {}

    /// Text that begins with `eyJ` opens only as `eyJ.<member>.<userID>.<clear>`.
    package func open(
        _ text: String,
        member: String,
        owner: UserKey,
        at now: Instant
    ) throws(Rejection) -> String {
        guard text.hasPrefix("eyJ") else { return text }
        let prefix = "eyJ.\(member).\(owner.userID)."
        guard text.hasPrefix(prefix) else { throw Rejection(.invalidCiphertext) }
        return String(text.dropFirst(prefix.count))
    }

    package func seal(uri: String, owner: UserKey, expires: Instant) -> String {
        "sealed(\(owner.tenant)/\(owner.userID),\(expires.seconds),\(uri))"
    }

    package func seal(codes: [String], owner: UserKey, expires: Instant) -> String {
        "sealed(\(owner.tenant)/\(owner.userID),\(expires.seconds),\(codes.joined(separator: " ")))"
    }
}
