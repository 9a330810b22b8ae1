import Testing
import TokenCrypto

@Suite("Secret")
struct SecretTests {
    private struct Holder {
        let seed: Secret
        let key: Key
    }

    @Test("no way of printing shows the bytes")
    func neverPrints() {
        let text = "correct horse battery staple 32b"
        let secret = Secret(Array(text.utf8))
        let holder = Holder(seed: secret, key: Key(kid: "otp-1", ring: .otp, secret: secret))
        var shown = "\(secret) \(String(reflecting: secret)) \(secret.debugDescription) \(holder)"
        dump(secret, to: &shown)
        dump(holder, to: &shown)
        dump([holder], to: &shown)
        print(Optional(secret) as Any, [secret], to: &shown)
        #expect(shown.contains("‹redacted›"))
        #expect(!shown.contains("horse"))
        #expect(!shown.contains("\(UInt8(ascii: "c")), \(UInt8(ascii: "o"))"))
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("the bytes are those that were put in, in memory of either kind", arguments: [0, 1, 32, 4_096, 5_000])
    func keepsBytes(count: Int) {
        var random = PropertyRandom()
        let bytes = random.bytes(count)
        var taken = bytes
        let locked = Secret(consuming: &taken, locked: true)
        #expect(taken.isEmpty)
        #expect(locked.withBytes { Array($0) } == bytes)
        #expect(locked == Secret(bytes))
        #expect(locked.count == count)
    }

    @Test("secrets are equal when their bytes are")
    func compares() {
        #expect(Secret([1, 2, 3]) == Secret([1, 2, 3]))
        #expect(Secret([1, 2, 3]) != Secret([1, 2, 4]))
        #expect(Secret([1, 2, 3]) != Secret([1, 2]))
        #expect(constantTimeEquals("a".utf8, [0x61]))
        #expect(!constantTimeEquals([UInt8](), [0]))
        #expect(constantTimeEquals([UInt8](), []))
    }
}
