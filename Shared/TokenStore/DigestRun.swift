import TokenCore

/// Keyed digests one after the other, as a column holds them; all are of one length.
enum DigestRun {
    static func join(_ digests: [KeyedDigest]) -> [UInt8] {
        digests.flatMap(\.bytes)
    }

    static func split(_ bytes: [UInt8], table: String) throws(StoreError) -> [KeyedDigest] {
        let length = DigestKeys.digestLength
        guard bytes.count.isMultiple(of: length) else { throw .damagedRow(table: table) }
        return stride(from: 0, to: bytes.count, by: length).map { KeyedDigest(bytes: Array(bytes[$0..<$0 + length])) }
    }
}
