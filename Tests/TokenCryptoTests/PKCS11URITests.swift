import Testing
import TokenCrypto

@Suite("PKCS11URI")
struct PKCS11URITests {
    @Test("a URI names a token and a key on it, percent-encoding undone")
    func parts() throws {
        let uri = try #require(
            PKCS11URI("pkcs11:token=My%20Token;serial=01;model=m;object=kek;id=%00%fF;type=secret-key")
        )
        #expect(uri.token == "My Token" && uri.serial == "01" && uri.model == "m" && uri.object == "kek")
        #expect(uri.id == [0x00, 0xFF] && uri.manufacturer == nil)
    }

    @Test(
        "what names no token or no key, or has what is not ours, is refused",
        arguments: [
            "", "pkcs11:", "pkcs11:token=t", "pkcs11:object=o", "pkcs11:token=t;object=", "pkcs11:token=t;object",
            "pkcs11:token=t;object=o;", "pkcs11:token=t;object=o;object=p", "pkcs11:token=t;object=o;type=private",
            "pkcs11:token=t;object=o;slot-id=1", "pkcs11:token=t;object=o?pin-value=1234", "pkcs11:token=%4;object=o",
            "pkcs11:token=%zz;object=o", "pkcs11:token=%ff;object=o", "pkcs11:token=a b;object=o",
            "PKCS12:token=t;object=o",
        ]
    )
    func refused(text: String) {
        #expect(PKCS11URI(text) == nil)
    }
}
