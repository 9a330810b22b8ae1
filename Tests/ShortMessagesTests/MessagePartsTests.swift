import TestSupport
import Testing

@testable import ShortMessages

@Suite("SMS texts")
struct MessagePartsTests {
    @Test("the default alphabet has the codes of TS 23.038")
    func alphabet() {
        for (text, septets) in [
            ("@£$¥", [0x00, 0x01, 0x02, 0x03]), ("Δ_ΦΓΛΩΠΨΣΘΞ", Array(0x10...0x1A)), ("ÆæßÉ !", Array(0x1C...0x21)),
            ("¤", [0x24]), ("09:;<=>?", [0x30, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F]), ("¡A", [0x40, 0x41]),
            ("ZÄÖÑÜ§¿a", [0x5A, 0x5B, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61]),
            ("zäöñüà", [0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F]),
            ("\n\r", [0x0A, 0x0D]), ("€[]", [0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x3E]),
            ("{|}~", [27, 40, 27, 64, 27, 41, 27, 61]),
            ("^\\\u{0C}", [27, 20, 27, 47, 27, 10]),
        ] as [(String, [UInt8])] {
            #expect(GSMAlphabet.septets(text) == septets, "\(text)")
            #expect(GSMAlphabet.text(septets) == text)
        }
    }

    @Test("every septet but the escape is one character, and reads back", arguments: UInt8(0)...127)
    func roundTrip(septet: UInt8) throws {
        guard septet != GSMAlphabet.escape else {
            #expect(GSMAlphabet.text([septet]) == nil)
            return
        }
        let text = try #require(GSMAlphabet.text([septet]))
        #expect(text.unicodeScalars.count == 1 && GSMAlphabet.septets(text) == [septet])
    }

    @Test("what the alphabet lacks is not coded", arguments: ["ç", "`", "ł", "е", "😀", "\u{1B}", "\u{301}", "\t"])
    func unknown(text: String) {
        #expect(GSMAlphabet.septets(text) == nil)
        #expect(MessageParts(text).coding == .ucs2)
    }

    @Test("what is no text of septets is none")
    func unreadable() {
        #expect(GSMAlphabet.text([0x80]) == nil)
        #expect(GSMAlphabet.text([0x1B]) == nil)
        #expect(GSMAlphabet.text([0x1B, 0x41]) == nil)
        #expect(GSMAlphabet.text([UInt8]()) == "")
    }

    @Test(
        "a text takes as many SMS as it must",
        arguments: [
            ("", 1), (String(repeating: "a", count: 160), 1), (String(repeating: "a", count: 161), 2),
            (String(repeating: "a", count: 306), 2), (String(repeating: "a", count: 307), 3),
            (String(repeating: "€", count: 80), 1), (String(repeating: "€", count: 81), 2),
            // 76 pairs and a lone septet of room in each part.
            (String(repeating: "€", count: 152), 2), (String(repeating: "€", count: 153), 3),
            (String(repeating: "ж", count: 70), 1), (String(repeating: "ж", count: 71), 2),
            (String(repeating: "ж", count: 134), 2), (String(repeating: "ж", count: 135), 3),
            (String(repeating: "😀", count: 35), 1), (String(repeating: "😀", count: 36), 2),
            (String(repeating: "😀", count: 66), 2), (String(repeating: "😀", count: 67), 3),
        ]
    )
    func counts(text: String, count: Int) {
        #expect(MessageParts.count(text) == count)
    }

    @Test("UCS-2 is big-endian, and pairs stay as they are")
    func ucs2() {
        #expect(MessageParts("ж€").bodies == [[0x04, 0x36, 0x20, 0xAC]])
        #expect(MessageParts("😀").bodies == [[0xD8, 0x3D, 0xDE, 0x00]])
    }

    @Test("a long text's parts have the header of TS 23.040, a short one has none")
    func headers() throws {
        #expect(MessageParts("code 1").userData(reference: 9) == [Array("code 1".utf8)])
        let text = String(repeating: "a", count: 200)
        let parts = try #require(MessageParts(text).userData(reference: 0xA7))
        #expect(parts.map { Array($0.prefix(6)) } == [[5, 0, 3, 0xA7, 2, 1], [5, 0, 3, 0xA7, 2, 2]])
        #expect(parts.map(\.count) == [159, 53])
    }

    @Test("more parts than the header counts are not sent")
    func tooLong() {
        #expect(MessageParts(String(repeating: "a", count: 153 * 255)).userData(reference: 0)?.count == 255)
        #expect(MessageParts(String(repeating: "a", count: 153 * 255 + 1)).userData(reference: 0) == nil)
    }

    @Test("parts are whole texts by themselves, fit their SMS, and join to what was given")
    func splitting() throws {
        var random = SeededRandom(seed: 20)
        let gsm = Array("aé€[]@\n0".unicodeScalars)
        let all = gsm + Array("ж😀🇨🇭é".unicodeScalars)
        for round in 0..<400 {
            let characters = round % 2 == 0 ? gsm : all
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...700, using: &random) {
                text.append(try #require(characters.randomElement(using: &random)))
            }
            let parts = MessageParts(String(text))
            #expect(parts.bodies.count == 1 || parts.bodies.allSatisfy { !$0.isEmpty })
            let size = parts.coding == .gsm ? 1 : 2
            let room = parts.bodies.count == 1 ? parts.coding.unitsAlone : parts.coding.unitsInPart
            #expect(parts.bodies.allSatisfy { $0.count <= room * size && $0.count % size == 0 })
            #expect(try parts.bodies.map { try #require(decoded($0, parts.coding)) }.joined() == String(text))
        }
    }

    private func decoded(_ body: [UInt8], _ coding: MessageParts.Coding) -> String? {
        guard coding == .ucs2 else { return GSMAlphabet.text(body) }
        let units = stride(from: 0, to: body.count, by: 2).map { UInt16(body[$0]) << 8 | UInt16(body[$0 + 1]) }
        return String(validating: units, as: UTF16.self)
    }
}
