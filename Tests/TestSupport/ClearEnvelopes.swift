package import TokenCore

/// Envelopes that can be read: `sealed(…)` around the text, with owner and end.
package struct ClearEnvelopes: SecretEnvelopes {
    package init() {}

    /// Text that begins with `eyJ` opens only as `eyJ.<member>.<userID or serial>.<clear>`.
    package func open(
        _ text: String,
        member: String,
        owner: SecretOwner,
        at now: Instant
    ) throws(Rejection) -> String {
        guard text.hasPrefix("eyJ") else { return text }
        let name =
            switch owner {
            case .user(let user): user.userID
            case .device(_, let serial): serial
            }
        let prefix = "eyJ.\(member).\(name)."
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
