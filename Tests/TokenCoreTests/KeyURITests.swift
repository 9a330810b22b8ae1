import Foundation
import Testing

@testable import TokenCore

@Suite("Key URI")
struct KeyURITests {
    static let seed = Array("12345678901234567890".utf8)

    static func uri(_ kind: TokenKind, issuer: String, account: String, counter: Int64 = 0) -> KeyURI {
        let state = OATHState(
            secret: SealedSecret(bytes: []),
            algorithm: .sha256,
            digits: 8,
            period: 60,
            movingFactor: counter
        )
        return KeyURI(kind: kind, seed: seed, state: state, issuer: issuer, account: account)
    }

    @Test("reads as an app expects it")
    func totp() {
        #expect(
            Self.uri(.totp, issuer: "acme", account: "alice").text
                == "otpauth://totp/acme:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=acme"
                + "&algorithm=SHA256&digits=8&period=60"
        )
    }

    @Test("tells an HOTP app the counter")
    func hotp() {
        #expect(Self.uri(.hotp, issuer: "acme", account: "alice", counter: 3).text.hasSuffix("&digits=8&counter=3"))
    }

    @Test(
        "is parsed back by Foundation whatever the account is called",
        arguments: ["alice", "a b", "a:b", "a/b?c#d&e=f", "50%", "a+b@example.org", "Zoë 鈴木 🔑", "%41", "../..", "a;b"]
    )
    func parsesBack(account: String) throws {
        let components = try #require(URLComponents(string: Self.uri(.totp, issuer: "a-1", account: account).text))
        #expect(components.scheme == "otpauth")
        #expect(components.host == "totp")
        #expect(components.path == "/a-1:" + account)
        let items = try #require(components.queryItems)
        #expect(items.map(\.name) == ["secret", "issuer", "algorithm", "digits", "period"])
        #expect(items.first?.value.flatMap { Base32.decode($0) } == Self.seed)
        #expect(components.fragment == nil)
    }

    @Test("shows its seed in no description")
    func redacted() {
        let uri = Self.uri(.totp, issuer: "acme", account: "alice")
        var dumped = ""
        dump(uri, to: &dumped)
        for text in ["\(uri)", String(reflecting: uri), dumped, "\([uri])"] {
            #expect(!text.contains("GEZDGNBV"))
        }
    }
}
