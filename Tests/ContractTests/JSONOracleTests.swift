import Contract
import TestSupport
import Testing

/// Python's reader as a second opinion, made as strict as I-JSON is.
@Suite("JSON, beside Python's")
struct JSONOracleTests {
    private static let script = """
        import json, sys
        sys.set_int_max_str_digits(0)
        def members(pairs):
            if len({name for name, _ in pairs}) < len(pairs):
                raise ValueError("a member twice")
            return dict(pairs)
        def number(text):
            value = float(text)
            if value in (float("inf"), float("-inf")):
                raise ValueError("out of range")
            return value
        def integer(text):
            number(text)
            return int(text)
        def constant(text):
            raise ValueError(text)
        def depth(value):
            inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
            return 0 if inner is None else 1 + max(map(depth, inner), default=0)
        for line in sys.stdin:
            try:
                value = json.loads(bytes.fromhex(line).decode("utf-8"), object_pairs_hook=members, parse_float=number,
                                   parse_int=integer, parse_constant=constant)
                json.dumps(value, ensure_ascii=False).encode("utf-8")
                if depth(value) > 16:
                    raise ValueError("too deep")
                print(json.dumps(value).encode().hex())
            except (ValueError, RecursionError):
                print("!")
        """

    @Test("both take the same texts, and read the same from them")
    func agreement() throws {
        var random = SeededRandom()
        let alphabet = Array(#"{}[],:"\u0dD8eE+-.019tfn al"#.utf8)
        let texts = (0..<12_000).map { number in
            if number % 4 == 0 { return random.bytes(upTo: 12, from: alphabet) }
            var bytes = random.jsonValue(depth: 3).serialized()
            if number % 4 > 1 { random.mutate(&bytes) }
            return bytes
        }
        let hexadecimal = texts.map { text in text.map { Self.hexadecimal($0) }.joined() + "\n" }.joined()
        let answers = try ChildProcess.run("python3", ["-c", Self.script], input: Array(hexadecimal.utf8))
            .split(separator: "\n").map(String.init)
        try #require(answers.count == texts.count)
        var taken = 0
        for (text, answer) in zip(texts, answers) {
            let ours = try? JSONParser.parse(text)
            #expect((ours == nil) == (answer == "!"), "\(random): \(String(decoding: text, as: UTF8.self))")
            guard let ours, answer != "!" else { continue }
            taken += 1
            let theirs = try JSONParser.parse(Self.bytes(answer))
            #expect(CanonicalJSON.bytes(of: ours) == CanonicalJSON.bytes(of: theirs), "\(random)")
        }
        #expect((2_000...11_000).contains(taken), "some are taken, some are not: \(taken)")
    }

    private static func hexadecimal(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0 }
    }
}
