import Foundation
import Testing

@testable import Notifier

@Suite("Placeholders of a gateway's request")
struct PlaceholderTests {
    private let nasty = "a\"b'c<d>&e\\f\n\r\u{0}\u{85}\u{2028}%+= {{id}} ü👋"

    @Test("JSON reads back what was put in, and nothing else changes")
    func json() throws {
        let template = try PlaceholderText(#"{"to":"{{to}}","text":"{{ text }}","x":1}"#, escaping: .json)
        let text = template.filled { $0 == .to ? "+4179" : nasty }
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["text"] as? String == nasty)
        #expect(object.count == 3 && object["to"] as? String == "+4179")
    }

    @Test("a form reads back what was put in")
    func form() throws {
        let template = try PlaceholderText("to={{to}}&text={{text}}", escaping: .form)
        let text = template.filled { $0 == .to ? "+4179" : nasty }
        #expect(text.hasPrefix("to=%2B4179&text="))
        let value = try #require(text.split(separator: "=").last)
        #expect(String(value).removingPercentEncoding == nasty)
        #expect(text.filter { $0 == "&" || $0 == "=" }.count == 3)
    }

    @Test("XML stays well-formed")
    func xml() throws {
        let template = try PlaceholderText("<m a=\"{{text}}\">{{text}}</m>", escaping: .xml)
        let text = template.filled { _ in "a\"b'c<d>&e\u{0}" }
        #expect(text == "<m a=\"a&quot;b&apos;c&lt;d&gt;&amp;e\">a&quot;b&apos;c&lt;d&gt;&amp;e</m>")
    }

    @Test("a header keeps to its line")
    func header() throws {
        #expect(try PlaceholderText("{{id}}", escaping: .header).filled { _ in "a\r\nb: c\u{2028}" } == "ab: c")
    }

    @Test("unknown and unclosed placeholders are refused", arguments: ["{{x}}", "{{to", "{{}}", "{{TO}}"])
    func mistakes(template: String) {
        #expect(throws: PlaceholderText.Mistake.self) { try PlaceholderText(template, escaping: .json) }
    }

    @Test(
        "a pointer finds strings and numbers",
        arguments: [("/id", "x"), ("/a/1/b~1c", "7"), ("/nothing", nil), ("/a", nil), ("/a/9", nil), ("/long", nil)]
            as [(String, String?)]
    )
    func pointer(pointer: String, expected: String?) {
        let json = #"{"id":"x","a":[0,{"b/c":7}],"long":""# + String(repeating: "x", count: 300) + #""}"#
        #expect(GatewayAnswer.text(at: pointer, in: Array(json.utf8)) == expected)
        #expect(GatewayAnswer.text(at: pointer, in: Array("not json".utf8)) == nil)
    }
}
