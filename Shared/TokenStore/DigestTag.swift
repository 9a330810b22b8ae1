import TokenCrypto

/// The first bytes of a keyed digest: they tell which key of ring `otp` made it.
struct DigestTag: Equatable {
    static let length = 4
    let bytes: [UInt8]

    init(kid: String) {
        bytes = Array(Digest.sha256(Array(kid.utf8)).prefix(Self.length))
    }

    /// Every digest of the key is greater than `bytes` and less than this.
    var end: [UInt8] { bytes + [UInt8](repeating: 0xFF, count: DigestKeys.digestLength) }
}
