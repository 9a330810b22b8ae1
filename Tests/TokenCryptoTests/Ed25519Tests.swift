import Testing
import TokenCrypto

@Suite("Ed25519")
struct Ed25519Tests {
    @Test(
        "RFC 8032 §7.1, tests 1 and 2",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                    + "d25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                    + "387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ]
    )
    func vectors(seed: String, publicKey: String, message: String, signature: String) {
        let key = Secret(hex(seed))
        #expect(Ed25519.publicKey(of: key) == hex(publicKey))
        #expect(Ed25519.sign(hex(message), with: key) == hex(signature))
        #expect(Ed25519.isValid(hex(signature), of: hex(message), publicKey: hex(publicKey)))
    }

    @Test("a signature holds for its message and key only, whatever its shape")
    func refuses() {
        let key = Secret.random(32)
        let publicKey = Ed25519.publicKey(of: key)
        let signature = Ed25519.sign("head".utf8, with: key)
        #expect(!Ed25519.isValid(signature, of: "heat".utf8, publicKey: publicKey))
        #expect(!Ed25519.isValid(signature, of: "head".utf8, publicKey: Ed25519.publicKey(of: .random(32))))
        #expect(!Ed25519.isValid(Array(signature.dropLast()), of: "head".utf8, publicKey: publicKey))
        #expect(!Ed25519.isValid(signature, of: "head".utf8, publicKey: Array(publicKey.dropLast())))
        #expect(!Ed25519.isValid(signature, of: "head".utf8, publicKey: .init(repeating: 0xFF, count: 32)))
        for bit in 0..<512 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!Ed25519.isValid(changed, of: "head".utf8, publicKey: publicKey))
        }
    }
}
