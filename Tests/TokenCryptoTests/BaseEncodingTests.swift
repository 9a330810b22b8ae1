import Foundation
import Testing
import TokenCrypto

@Suite("Base64URL and Base32")
struct BaseEncodingTests {
    @Test("RFC 7515 appendix C")
    func appendixC() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test("base64url agrees with Foundation and comes back")
    func base64RoundTrips() {
        var random = PropertyRandom()
        for count in 0..<200 {
            let bytes = random.bytes(count)
            let text = Base64URL.encode(bytes)
            let expected = Data(bytes).base64EncodedString()
                .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                .replacingOccurrences(of: "=", with: "")
            #expect(text == expected)
            #expect(Base64URL.decode(text) == bytes)
        }
    }

    @Test(
        "a second form of the same bytes is refused",
        arguments: ["QQ==", "QR", "QQ=", "QUJ", " QQ", "QQ\n", "Q+==", "Q/", "Q", "QQQQQ", "QÄ", "Q.", "QQ\0"]
    )
    func base64Strict(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("every byte outside the alphabet is refused")
    func base64Alphabet() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min ... .max {
            #expect((Base64URL.decode([byte, 0x41, 0x41, 0x41]) != nil) == alphabet.contains(byte))
        }
    }

    static let rfc4648: [(String, String)] = [
        ("", ""), ("f", "MY======"), ("fo", "MZXQ===="), ("foo", "MZXW6==="), ("foob", "MZXW6YQ="),
        ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI======"),
    ]

    @Test("RFC 4648 §10, with and without padding, in either case", arguments: rfc4648)
    func base32(plain: String, text: String) {
        let bytes = Array(plain.utf8)
        let bare = text.filter { $0 != "=" }
        #expect(Base32.encode(bytes) == bare)
        for form in [text, bare, text.lowercased(), bare.lowercased()] { #expect(Base32.decode(form) == bytes) }
    }

    @Test(
        "what is no Base32 is refused",
        arguments: [
            "A", "AAA", "AAAAAA", "MY=", "MY=====", "MY=======", "MY==MY==", "=MY", "========", "M1", "M8", "M Y",
        ]
            + ["MY\n", "MZXW6YTB========", "MÄ", "M-Y", "МY"]
    )
    func base32Strict(text: String) {
        #expect(Base32.decode(text) == nil)
    }

    @Test("unused bits of the last letter are dropped, as authenticator apps do")
    func base32TrailingBits() {
        #expect(Base32.decode("MZ") == Base32.decode("MY"))
    }

    @Test("Base32 comes back")
    func base32RoundTrips() {
        var random = PropertyRandom()
        for count in 0..<200 {
            let bytes = random.bytes(count)
            #expect(Base32.decode(Base32.encode(bytes)) == bytes)
        }
    }
}
