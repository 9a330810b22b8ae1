/// The key of a record: `tenant/userId`, split at the first `/` (section 1).
///
/// Two keys are the same when their bytes are; `String`'s own equality would take two spellings of a letter for one user.
package struct RecordKey: Sendable {
    /// In bytes.
    package static let maximumTenantLength = 63
    /// In bytes.
    package static let maximumUserIDLength = 255

    /// The key as it was received.
    package let bytes: [UInt8]
    /// 1 to 63 of `[a-z0-9-]`.
    package let tenant: String
    /// 1 to 255 bytes of UTF-8 without control characters. Compare by `utf8`, or compare keys.
    package let userID: String

    /// Nil for bytes that are no valid key.
    package init?(_ bytes: [UInt8]) {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let tenant = bytes[..<slash]
        let userID = bytes[(slash + 1)...]
        guard Self.isTenant(tenant), (1...Self.maximumUserIDLength).contains(userID.count),
            let text = String(validating: userID, as: UTF8.self), !text.hasControlCharacters
        else { return nil }
        self.bytes = bytes
        self.tenant = String(decoding: tenant, as: UTF8.self)
        self.userID = text
    }

    /// The key of one user, or of the tenant where `userID` begins with `~`; nil where one of them is not valid.
    package init?(tenant: String, userID: String) {
        guard !tenant.utf8.contains(UInt8(ascii: "/")) else { return nil }
        self.init(Array("\(tenant)/\(userID)".utf8))
    }

    /// Whether the key stands for no user but for the tenant: `tenant/~anything`.
    package var isTenantWide: Bool { userID.utf8.first == UInt8(ascii: "~") }

    /// Whether a text may name a tenant.
    package static func isTenant(_ text: String) -> Bool { isTenant(text.utf8) }

    private static func isTenant(_ bytes: some Collection<UInt8>) -> Bool {
        (1...maximumTenantLength).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

extension RecordKey: Hashable {
    package static func == (left: RecordKey, right: RecordKey) -> Bool { left.bytes == right.bytes }
    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
