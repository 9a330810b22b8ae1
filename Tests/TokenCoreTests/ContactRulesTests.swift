import Testing

@testable import TokenCore

@Suite("Contact rules")
struct ContactRulesTests {
    @Test(
        "take phone numbers in international form",
        arguments: ["+1234567", "+41791234567", "+123456789012345", "+999999999999999"]
    )
    func phones(text: String) {
        #expect(ContactRules.isPhone(text))
    }

    @Test(
        "refuse every other spelling of a phone number",
        arguments: [
            "", "+", "+0791234567", "0791234567", "0041791234567", "+123456", "+1234567890123456", "+41 79 123 45 67",
            "+41-79-123", "+41791234567 ", " +41791234567", "+41791234567\n", "+4179123456\u{0}", "+4179123456٣",
            "＋41791234567", "+41791234567;ext=1", "tel:+41791234567", "++41791234567", "+41791234567\u{301}",
        ]
    )
    func badPhones(text: String) {
        #expect(!ContactRules.isPhone(text))
    }

    @Test(
        "take e-mail addresses with an ASCII local part and A-labels",
        arguments: [
            "a@example.org", "Alice.O'Neil+tag@Example.ORG", "x@xn--bcher-kva.example", "a@b.c1", "1@1.example",
            "!#$%&'*+-/=?^_`{|}~@example.org", String(repeating: "l", count: 64) + "@example.org",
        ]
    )
    func emails(text: String) {
        #expect(ContactRules.isEmail(text))
    }

    @Test(
        "refuse what could reach a header, look like another address or go nowhere",
        arguments: [
            "", "@", "alice", "alice@", "@example.org", "a@b", "a@@example.org", "a@b@example.org", "a b@example.org",
            "a@exa mple.org", "a@example.org\r\nBcc: x@y.z", "a\r@example.org", "a@example.org\n", "a\u{0}@example.org",
            "a@example.org\u{2028}", "a\u{2028}b@example.org", "<a@example.org>", "Alice <a@example.org>",
            "a@example.org>", "\"a b\"@example.org", "a@[127.0.0.1]", "a@127.0.0.1", ".a@example.org",
            "a.@example.org", "a..b@example.org", "a@.example.org", "a@example.org.", "a@example..org",
            "a@-example.org", "a@example-.org", "ä@example.org", "a@bücher.example", "а@example.org",
            "a@examp\u{200D}le.org", "a,b@example.org", "a;b@example.org", "a@ex_ample.org", "ſ@example.org",
            "e\u{301}@example.org", "a@example.o\u{301}rg", "\tA@example.org", "a(c)@example.org",
            String(repeating: "l", count: 65) + "@example.org",
            "a@" + String(repeating: "d", count: 64) + ".org",
        ]
    )
    func badEmails(text: String) {
        #expect(!ContactRules.isEmail(text))
    }

    @Test("take an e-mail address of 254 bytes and none of 255")
    func longestEmail() {
        let label = String(repeating: "d", count: 63) + "."
        let domain = String(repeating: label, count: 3) + "example.org"
        let longest = String(repeating: "l", count: 254 - 1 - domain.utf8.count) + "@" + domain
        #expect(longest.utf8.count == 254)
        #expect(ContactRules.isEmail(longest))
        #expect(!ContactRules.isEmail("l" + longest))
    }
}

@Suite("Contact mask")
struct ContactMaskTests {
    @Test(
        "keeps of a phone number the first three and the last two characters",
        arguments: [
            ("+41791234567", "+41*******67"), ("+1234567", "+12***67"), ("+123456789012345", "+12***********45"),
        ]
    )
    func phones(number: String, masked: String) {
        #expect(ContactMask.phone(number) == masked)
    }

    @Test(
        "keeps of an e-mail address the first character and the domain, and does not tell the length",
        arguments: [
            ("alice@example.org", "a***@example.org"), ("a@example.org", "a***@example.org"),
            (String(repeating: "x", count: 64) + "@b.example", "x***@b.example"),
        ]
    )
    func emails(address: String, masked: String) {
        #expect(ContactMask.email(address) == masked)
    }

    @Test("shows nothing of what is too short or no address", arguments: ["", "1", "+41", "+412345"])
    func short(text: String) {
        #expect(ContactMask.phone(text) == "***")
        #expect(ContactMask.email(text) == "***")
        #expect(ContactMask.email("@example.org") == "***")
    }

    @Test("never shows the middle of a number", arguments: 7...15)
    func middle(digits: Int) {
        let number = "+" + String("123456789012345".prefix(digits))
        let masked = ContactMask.phone(number)
        #expect(masked.count == number.count)
        #expect(masked.dropFirst(3).dropLast(2).allSatisfy { $0 == "*" })
        #expect(masked.count { $0 == "*" } >= 3)
    }
}
