import Testing
import TokenCrypto

@Suite("Key-encryption keys")
struct KeyEncryptionTests {
    private func keys(_ members: String) throws -> KeyRings {
        try KeyRings(
            parsing: Array(#"{"keys":[{"kid":"a","ring":"kek","state":"active","kty":"oct",\#(members)}]}"#.utf8)
        )
    }

    @Test("a key of ring kek may be elsewhere; then the file has no key, and only says where")
    func location() throws {
        let key = try #require(try keys(#""pkcs11":"pkcs11:token=t;object=o""#).active(.kek))
        #expect(key.location == PKCS11URI("pkcs11:token=t;object=o"))
        let both = #""pkcs11":"pkcs11:token=t;object=o","k":"\#(Base64URL.encode(SecureRandom.bytes(32)))""#
        #expect(throws: KeysError.self) { try keys(both) }
        #expect(throws: KeysError.self) { try keys(#""pkcs11":"pkcs11:token=t""#) }
        #expect(throws: KeysError.self) { try keys(#""pkcs11":1"#) }
    }
}
