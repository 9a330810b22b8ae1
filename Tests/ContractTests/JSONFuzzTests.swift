import Contract
import Testing

@Suite("JSON, by property")
struct JSONFuzzTests {
    @Test("what is written is read again, equal, and equal bytes come of it")
    func roundTrip() throws {
        var random = SeededRandom()
        for _ in 0..<5_000 {
            let value = random.jsonValue(depth: 4)
            let bytes = value.serialized()
            let parsed = try JSONParser.parse(bytes)
            #expect(parsed == value, "\(random)")
            #expect(parsed.serialized() == bytes, "\(random)")
        }
    }

    @Test("the canonical form is a fixed point, whatever the order of members")
    func canonicalForm() throws {
        var random = SeededRandom()
        for _ in 0..<3_000 {
            let value = random.jsonValue(depth: 4)
            let canonical = CanonicalJSON.bytes(of: value)
            #expect(CanonicalJSON.bytes(of: try JSONParser.parse(canonical)) == canonical, "\(random)")
            #expect(CanonicalJSON.bytes(of: random.reordered(value)) == canonical, "\(random)")
        }
    }

    @Test("no bytes make the parser trap, and what it accepts it accepts again from its own hand")
    func mutations() throws {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            var bytes = random.jsonValue(depth: 3).serialized()
            random.mutate(&bytes)
            guard let value = try? JSONParser.parse(bytes) else { continue }
            #expect(try JSONParser.parse(value.serialized()) == value, "\(random)")
        }
        for _ in 0..<20_000 {
            let bytes = random.bytes(upTo: 24, from: Array(#"{}[],:"\u0dD8eE+-.019tfn al"#.utf8))
            guard let value = try? JSONParser.parse(bytes) else { continue }
            #expect(try JSONParser.parse(value.serialized()) == value, "\(random)")
        }
    }

    @Test("doubles keep their value in both written forms")
    func doubles() throws {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            let double = Double(bitPattern: random.next())
            guard double.isFinite else { continue }
            #expect(try JSONParser.parse(JSONValue.double(double).serialized()) == .double(double), "\(random)")
            let canonical = String(decoding: CanonicalJSON.bytes(of: .double(double)), as: UTF8.self)
            #expect(Double(canonical) == double, "\(random)")
        }
    }

    @Test("members of any names come in the order of UTF-16 code units")
    func memberOrder() throws {
        var random = SeededRandom()
        let scalars: [Unicode.Scalar] = [
            "a", "b", "\u{7F}", "\u{80}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}",
        ]
        for _ in 0..<3_000 {
            var object = JSONObject()
            for _ in 0..<6 {
                let name = (0..<random.below(4)).map { _ in scalars[random.below(scalars.count)] }
                object.set(String(String.UnicodeScalarView(name)), to: 0)
            }
            let sorted = try JSONParser.parse(CanonicalJSON.bytes(of: .object(object))).objectValue
            let expected = object.map { Array($0.name.utf16) }.sorted { $0.lexicographicallyPrecedes($1) }
            #expect(sorted?.map { Array($0.name.utf16) } == expected, "\(random)")
        }
    }
}
