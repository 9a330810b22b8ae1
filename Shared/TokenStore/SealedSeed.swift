import TokenCore
import TokenCrypto

/// The stored form of a seed: format 1, number of the data key, then AES-256-GCM over the seed, bound to tenant and
/// token so that a row copied to another token does not open.
enum SealedSeed {
    private static let format: UInt8 = 1
    private static let headerLength = 5

    static func seal(_ seed: [UInt8], with key: AESGCM, id: Int32, token: TokenID, tenant: String) -> [UInt8] {
        var bytes: [UInt8] = [format]
        withUnsafeBytes(of: id.bigEndian) { bytes.append(contentsOf: $0) }
        bytes += key.seal(seed, aad: binding(token, tenant))
        return bytes
    }

    static func dataKey(of secret: SealedSecret) -> Int32? {
        guard secret.bytes.count > headerLength, secret.bytes[0] == format else { return nil }
        return secret.bytes[1..<headerLength].reduce(0) { $0 << 8 | Int32($1) }
    }

    static func open(_ secret: SealedSecret, with key: AESGCM, token: TokenID, tenant: String) -> Secret? {
        key.open(secret.bytes[headerLength...], aad: binding(token, tenant))
    }

    private static func binding(_ token: TokenID, _ tenant: String) -> [UInt8] {
        Array("seed".utf8) + [0] + Array(tenant.utf8) + [0] + token.value.bytes
    }
}
