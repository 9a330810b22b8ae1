import Testing
import VendorFiles

@Suite("XML that means harm")
struct HostileXMLTests {
    private static let namespace = "urn:ietf:params:xml:ns:keyprov:pskc"

    private func container(_ content: String, head: String = "") -> String {
        "\(head)<KeyContainer Version=\"1.0\" xmlns=\"\(Self.namespace)\">\(content)</KeyContainer>"
    }

    @Test("a document type declaration is refused, whatever is in it and in whatever encoding")
    func documentType() {
        let laughs = (1...9).map { #"<!ENTITY l\#($0) "&l\#($0 - 1);&l\#($0 - 1);&l\#($0 - 1);&l\#($0 - 1);">"# }
            .joined()
        let heads = [
            "<!DOCTYPE KeyContainer>",
            #"<!DOCTYPE KeyContainer SYSTEM "file:///etc/passwd">"#,
            #"<!DOCTYPE KeyContainer PUBLIC "x" "http://127.0.0.1:1/x.dtd">"#,
            #"<!DOCTYPE KeyContainer [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#,
            #"<!DOCTYPE KeyContainer [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]>"#,
            "<!DOCTYPE KeyContainer [<!ENTITY l0 \"lol\">\(laughs)]>",
            "<!DOCTYPE KeyContainer [<!ATTLIST KeyContainer a CDATA \"b\">]>",
            "<!-- before --><!DOCTYPE KeyContainer>",
        ]
        for head in heads {
            let text = container("&l9;&x;", head: head)
            #expect(refusal(of: text) == .documentType, "\(head)")
            let wide = Samples.utf16(text, bigEndian: false)
            #expect(refusal(of: wide) == .documentType, "\(head)")
        }
    }

    @Test("an entity is refused, in text and in attributes; the language's own five are not entities of a file")
    func entities() throws {
        #expect(refusal(of: container("<KeyPackage>&x;</KeyPackage>")) == .entity)
        #expect(refusal(of: container("<KeyPackage a=\"&x;\"/>")) == .entity)
        let text = try Samples.text("rfc6030-figure3.xml").replacing(">Manufacturer<", with: ">A&amp;B &#x41;&lt;<")
        #expect(try VendorFiles.read(Array(text.utf8)).entries.first?.manufacturer == "A&B A<")
    }

    @Test("XInclude and processing instructions are looked at by nobody")
    func inclusion() {
        let include = #"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>"#
        #expect(refusal(of: container(include)) == .empty)
        let catalogue = #"<?oasis-xml-catalog catalog="http://127.0.0.1:1/c"?>"#
        #expect(refusal(of: container(include, head: catalogue)) == .empty)
    }

    @Test("depth, attributes, texts, tags and tokens are bounded")
    func bounds() {
        let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
        #expect(refusal(of: container(deep)) == .tooLarge)
        let attributes = (0..<40).map { "a\($0)=\"\"" }.joined(separator: " ")
        #expect(refusal(of: container("<a \(attributes)/>")) == .tooLarge)
        let long = String(repeating: "x", count: 70_000)
        #expect(refusal(of: container("<a>\(long)</a>")) == .tooLarge)
        #expect(refusal(of: container("<a><![CDATA[\(long)]]></a>")) == .tooLarge)
        #expect(refusal(of: container("<a b=\"\(long)\"/>")) == .tooLarge)
        #expect(refusal(of: container("<a b=\"\(long)\(long)\"/>")) == .tooLarge)
        #expect(refusal(of: container(String(repeating: "<a/>", count: 2_000_001))) == .tooLarge)
    }

    @Test("a hundred thousand attributes in one tag are refused before they are compared with one another")
    func manyAttributes() {
        let attributes = (0..<100_000).map { "a\($0)=\"\"" }.joined(separator: " ")
        let elapsed = ContinuousClock().measure {
            #expect(refusal(of: container("<a \(attributes)/>")) == .tooLarge)
            // What looks like the end of a tag in a comment, a value or a CDATA section is none.
            #expect(refusal(of: container("<!-- <a --><a b='>' \(attributes)/>")) == .tooLarge)
        }
        #expect(elapsed < .seconds(20))
    }

    @Test("only encodings that need no converter are read")
    func encodings() throws {
        let body = try Samples.text("rfc6030-figure3.xml").split(separator: "\n").dropFirst().joined(separator: "\n")
        for name in ["SHIFT_JIS", "EBCDIC-CP-US", "UTF-7", "ISO-2022-JP", "x"] {
            #expect(refusal(of: "<?xml version=\"1.0\" encoding=\"\(name)\"?>\(body)") == .encoding, "\(name)")
        }
        let latin =
            "<?xml version='1.0' encoding='ISO-8859-1'?>" + body.replacing(">Manufacturer<", with: ">Z\u{FC}rich<")
        let file = try VendorFiles.read(latin.unicodeScalars.map { UInt8($0.value) })
        #expect(file.entries.first?.manufacturer == "Z\u{FC}rich")
        // EBCDIC, UTF-32: told by the first bytes.
        #expect(refusal(of: [0x4C, 0x6F, 0xA7, 0x94]) != nil)
        #expect(refusal(of: [0x3C, 0, 0, 0, 0x3F, 0, 0, 0]) != nil)
    }

    @Test("what is not well-formed is refused as a whole, with its line")
    func syntax() throws {
        let text = try Samples.text("rfc6030-figure3.xml")
        for end in stride(from: 60, to: text.count - 3, by: 97) {
            #expect(refusal(of: String(text.prefix(end))) == .syntax, "\(end)")
        }
        #expect(refusal(of: text + "<more/>") == .syntax)
        do throws(UnreadableFile) {
            _ = try VendorFiles.read(Array(text.replacing("</SerialNo>", with: "</Serial>").utf8))
            Issue.record("it was read")
        } catch {
            #expect(error.description == "line 7: no well-formed XML")
        }
    }
}
