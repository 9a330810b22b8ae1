import Testing

@testable import TokenCore

@Suite("Text rules")
struct TextRulesTests {
    @Test("take 255 characters of any script, bytes notwithstanding")
    func longest() {
        #expect(TextRules.isPlain(""))
        #expect(TextRules.isPlain("Zoë's 📱 <work>"))
        #expect(TextRules.isPlain(String(repeating: "🔑", count: 255)))
        #expect(!TextRules.isPlain(String(repeating: "a", count: 256)))
    }

    @Test(
        "refuse control characters and line ends",
        arguments: ["a\nb", "a\rb", "a\r\nb", "\u{0}", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}", "a\tb", "\u{1B}[2J"]
    )
    func control(text: String) {
        #expect(!TextRules.isPlain(text))
        #expect(throws: Rejection.malformed(field: "/reason")) { try TextRules.check(text, field: "/reason") }
    }

    @Test("refuse an end at or before the instant, and take the next microsecond")
    func expiry() throws {
        let now = Instant(seconds: 100)
        try TextRules.check(expiresAt: nil, at: now)
        try TextRules.check(expiresAt: Instant(microseconds: 100_000_001), at: now)
        for end in [now, Instant(seconds: 99), Instant(seconds: -1)] {
            #expect(throws: Rejection.malformed(field: "/expiresAt")) { try TextRules.check(expiresAt: end, at: now) }
        }
    }

    @Test(
        "take locales by their characters",
        arguments: [("de", true), ("de-CH-1996", true), ("", false), ("d e", false), ("de\n", false)]
    )
    func locale(text: String, isLocale: Bool) {
        #expect(TextRules.isLocale(text) == isLocale)
    }
}
