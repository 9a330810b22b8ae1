import Foundation
import Testing

@testable import TokenCrypto

@Suite("JSONReader")
struct JSONReaderTests {
    private func accepts(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in (try? JSONReader.read(bytes)) != nil }
    }

    @Test(
        "what is no JSON is refused",
        arguments: ["", "{", "{]", "{\"a\"}", "{\"a\":1,}", "[1,]", "[1 2]", "01", "1.", "-", "1e", ".5", "tru", "nul"]
            + ["\"\\x\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\n\"", "\"a", "{} {}", "{a:1}", "'a'"]
            + ["{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[[[[[[[[[]]]]]]]]]", "\u{FEFF}{}", "// {}\n{}"]
    )
    func refuses(text: String) {
        #expect(!accepts(Array(text.utf8)))
    }

    @Test("an object of 64 members is read, a larger one refused")
    func memberLimit() {
        func object(_ count: Int) -> [UInt8] {
            Array("{\((0..<count).map { "\"m\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        #expect(accepts(object(64)))
        #expect(!accepts(object(65)))
    }

    @Test("a string says what its escapes mean")
    func escapes() throws {
        let json = Array(#"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00", "é😀"]"#.utf8)
        try json.withUnsafeBytes { bytes in
            guard case .array(let nodes, _, let end) = try JSONReader.read(bytes), case .string(let first) = nodes[0],
                case .string(let second) = nodes[1]
            else {
                Issue.record("no array of strings")
                return
            }
            #expect(JSONReader.string(first, in: bytes) == "\"\\/\u{8}\u{C}\n\r\té😀")
            #expect(JSONReader.string(second, in: bytes) == "é😀")
            #expect(end == bytes.count - 1)
        }
    }

    @Test("nothing is accepted that Foundation refuses")
    func agrees() {
        var random = PropertyRandom()
        let seed = Array(#"{"keys":[{"kid":"a-1","x":"\u00e9\n","n":[-1.5e+3,0,true,false,null,{}]}]}"#.utf8)
        var accepted = 0
        for _ in 0..<5_000 {
            let bytes = random.mutated(seed)
            guard accepts(bytes) else { continue }
            accepted += 1
            let read = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            #expect(read != nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 100, "mutations that stay JSON are met often enough to compare")
    }
}
