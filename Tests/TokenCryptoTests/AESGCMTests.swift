import Testing
import TokenCrypto

@Suite("AESGCM and KeyWrap")
struct AESGCMTests {
    @Test("RFC 7516 appendix A.1: the content of the example opens")
    func knownVector() throws {
        let key = hex("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc")
        let parts = [
            "48V1_ALb6US04U3b",
            "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A",
            "XFBoMYUZodetZdvTiFvSkQ",
        ]
        let sealed = try parts.flatMap { try #require(Base64URL.decode($0)) }
        let plaintext = AESGCM(key: Secret(key)).open(
            sealed,
            aad: "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ".utf8
        )
        let text = "The true sign of intelligence is not knowledge but imagination."
        #expect(plaintext == Secret(Array(text.utf8)))
    }

    @Test("what is sealed opens, and only with the same key, aad and bytes")
    func roundTrips() {
        var random = PropertyRandom()
        for _ in 0..<200 {
            let key = Secret(random.bytes(32))
            let cipher = AESGCM(key: key, noncesAhead: Int.random(in: 1...5, using: &random))
            let plaintext = random.bytes(Int.random(in: 0...200, using: &random))
            let aad = random.bytes(Int.random(in: 0...40, using: &random))
            let sealed = cipher.seal(plaintext, aad: aad)
            #expect(sealed.count == plaintext.count + AESGCM.overhead)
            #expect(AESGCM(key: key).open(sealed, aad: aad) == Secret(plaintext))
            #expect(cipher.open(sealed, aad: aad + [0]) == nil)
            #expect(cipher.open(random.mutated(sealed) + [0], aad: aad) == nil)
            #expect(AESGCM(key: .random(32)).open(sealed, aad: aad) == nil)
            #expect(cipher.open(sealed, aad: aad) == Secret(plaintext), "a failure leaves the context fit for use")
        }
    }

    @Test("what is too short to have a nonce and a tag is refused", arguments: [0, 1, 12, 27])
    func short(count: Int) {
        #expect(AESGCM(key: .random(32)).open([UInt8](repeating: 0, count: count), aad: []) == nil)
    }

    @Test("no nonce comes twice", arguments: [1, 7, 64])
    func nonces(ahead: Int) {
        let cipher = AESGCM(key: .random(32), noncesAhead: ahead)
        #expect(Set((0..<1_000).map { _ in Array(cipher.seal([], aad: []).prefix(12)) }).count == 1_000)
    }

    @Test("RFC 3394 §4.6: 256 bits of key under 256 bits")
    func keyWrap() {
        let kek = Secret(Array(0...0x1F as ClosedRange<UInt8>))
        let key = Secret(hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F"))
        let wrapped = hex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
        #expect(KeyWrap.wrap(key, with: kek) == wrapped)
        #expect(KeyWrap.unwrap(wrapped, with: kek) == key)
    }

    @Test("a wrapped key that was changed in any bit, or is of another length, does not unwrap")
    func wrongWrap() {
        let kek = Secret.random(32)
        let wrapped = KeyWrap.wrap(.random(32), with: kek)
        for bit in 0..<wrapped.count * 8 {
            var changed = wrapped
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(KeyWrap.unwrap(changed, with: kek) == nil)
        }
        for count in 0..<wrapped.count { #expect(KeyWrap.unwrap(wrapped.prefix(count), with: kek) == nil) }
        #expect(KeyWrap.unwrap(wrapped, with: .random(32)) == nil)
    }
}
