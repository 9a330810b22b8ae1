import Testing

@testable import Transport

@Suite("Mail on paper")
struct MailWritingTests {
    @Test(
        "an address of the plain kind is taken",
        arguments: ["a@b", "first.last+tag@mail.example.org", "!#$%&'*+-/=?^_`{|}~@x.y"]
    )
    func goodAddresses(text: String) {
        #expect(MailAddress(text)?.text == text)
    }

    @Test(
        "an address that could be read as something else is not",
        arguments: [
            "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "<a@b>", "a>@b", "a\"b@c", "a@b\r\nRCPT TO:<x@y>", "a@b\n",
            "a\r@b",
            "a@b\u{0}", "a\u{2028}@b", "ä@b", "a@ä.org", "a@-b", "a@b-", "a@b..c", "a@b.", "a\\@b", "a,b@c",
            "a@[127.0.0.1]",
            "a@b> SIZE=1 <x", String(repeating: "a", count: 65) + "@b", "a@" + String(repeating: "b", count: 64),
            "a@b.example:25",
        ]
    )
    func badAddresses(text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test("a mailbox is a name and an address, or the address alone")
    func mailboxes() {
        #expect(Mailbox("Example <no-reply@example.org>")?.name == "Example")
        #expect(Mailbox("\"A, B\" <a@b>")?.name == "A, B")
        #expect(Mailbox("<a@b>")?.name == nil)
        #expect(Mailbox("a@b")?.address.text == "a@b")
        for bad in ["x", "X <a@b", "X <a@b> y", "X\r\nBcc: <a@b>", "X <a@b\r\n>", ""] {
            #expect(Mailbox(bad) == nil)
        }
    }

    @Test(
        "dates are RFC 5322's",
        arguments: [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_826_245, "Tue, 29 Feb 2000 12:10:45 +0000"),
            (1_795_527_132, "Tue, 24 Nov 2026 13:32:12 +0000"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 +0000"),
        ] as [(Int64, String)]
    )
    func dates(seconds: Int64, text: String) {
        #expect(mailDate(seconds) == text)
    }

    @Test("quoted-printable keeps lines short, ends them with CR LF and leaves no dot or blank bare")
    func quotedPrintableRules() {
        #expect(
            String(decoding: quotedPrintable(".a =\u{e9} \nb\r\nc\rd"), as: UTF8.self)
                == "=2Ea =3D=C3=A9=20\r\nb\r\nc\r\nd\r\n"
        )
        let long = String(decoding: quotedPrintable(String(repeating: "x.", count: 300)), as: UTF8.self)
        let lines = long.split(separator: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 76 && !$0.hasPrefix(".") })
        #expect(quotedPrintable("").isEmpty)
    }

    @Test("nothing that could begin a line gets into a header")
    func headerInjection() throws {
        let address = try #require(MailAddress("a@b"))
        for character in ["\r", "\n", "\r\n", "\u{0}", "\u{85}", "\u{2028}", "\u{2029}", "\u{7f}"] {
            let inputs = [
                ("s\(character)Bcc: x@y", "n", "id"), ("s", "n\(character)Bcc: x@y", "id"),
                ("s", "n", "id\(character)x"),
            ]
            for (subject, name, id) in inputs {
                let mail = MailSubmission(
                    server: MailServer(host: "localhost", port: 25, security: .none),
                    from: Mailbox(name: name, address: address),
                    recipient: address,
                    subject: subject,
                    text: "",
                    messageID: id,
                    date: 0,
                    timeout: .seconds(1)
                )
                #expect(throws: TransportError.self) { try MailMessage.bytes(of: mail) }
            }
        }
    }
}
