import Testing
import TokenCrypto

@Suite("AES in CBC mode")
struct AESCBCTests {
    /// NIST SP 800-38A, F.2.1, F.2.3 and F.2.5: the first block of each.
    private static let vector = "000102030405060708090a0b0c0d0e0f"
    private static let plaintext = "6bc1bee22e409f96e93d7e117393172a"

    @Test(
        "the vectors of NIST SP 800-38A, each key length",
        arguments: [
            ("2b7e151628aed2a6abf7158809cf4f3c", "7649abac8119b246cee98e9b12e9197d"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "4f021db243bc633d7178183a9fa071e8"),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
            ),
        ]
    )
    func vectors(key: String, block: String) {
        // The plaintext block ends in 0x2a, which is no padding: alone it is refused.
        let alone = AESCBC.open(hex(Self.vector + block), key: Secret(hex(key)))
        #expect(alone == nil)
        // What is changed in the vector changes in the plaintext: so the last byte tells of two bytes of padding.
        var vector = hex(Self.vector)
        vector[15] ^= 0x2A ^ 0x02
        let opened = AESCBC.open(vector + hex(block), key: Secret(hex(key)))
        #expect(opened == Secret(hex(Self.plaintext).dropLast(2)))
    }

    @Test("a whole block of padding is no plaintext, and lengths that are none are refused")
    func lengths() {
        let key = Secret(hex("2b7e151628aed2a6abf7158809cf4f3c"))
        var vector = hex(Self.vector)
        vector[15] ^= 0x2A ^ 0x10
        #expect(AESCBC.open(vector + hex("7649abac8119b246cee98e9b12e9197d"), key: key)?.count == 0)
        vector[15] ^= 0x10
        #expect(AESCBC.open(vector + hex("7649abac8119b246cee98e9b12e9197d"), key: key) == nil, "padding of 0")
        for count in [0, 1, 15, 16, 17, 31, 33] {
            #expect(AESCBC.open([UInt8](repeating: 1, count: count), key: key) == nil, "\(count)")
        }
    }
}
