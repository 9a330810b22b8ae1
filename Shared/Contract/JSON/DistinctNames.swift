/// Tells whether a member name occurred before: by comparison in small objects, by hash in large ones, so that no
/// object costs more than its length.
struct DistinctNames {
    private static let comparedAtMost = 16
    private var seen: Set<NameBytes> = []

    /// False where `name` is among `members` already.
    mutating func insert(_ name: String, among members: [JSONObject.Member]) -> Bool {
        guard members.count >= Self.comparedAtMost else {
            return !members.contains { $0.name.hasSameBytes(as: name) }
        }
        if seen.isEmpty {
            for member in members { seen.insert(NameBytes(name: member.name)) }
        }
        return seen.insert(NameBytes(name: name)).inserted
    }
}

/// A name that is equal to another only byte for byte.
private struct NameBytes: Hashable {
    let name: String

    static func == (left: NameBytes, right: NameBytes) -> Bool { left.name.hasSameBytes(as: right.name) }

    func hash(into hasher: inout Hasher) {
        var name = name
        name.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
