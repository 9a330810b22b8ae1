import Contract
import Testing

@Suite("JSON parser")
struct JSONParserTests {
    /// Texts that RFC 8259 calls JSON, after the `y_` cases of JSONTestSuite, with their compact form.
    static let accepted: [(text: String, compact: String)] = [
        ("[[]   ]", "[[]]"), ("[\"\"]", "[\"\"]"), ("[]", "[]"), (" [1]", "[1]"), ("[1\n]", "[1]"), ("[2] ", "[2]"),
        ("[null, 1, \"1\", {}]", "[null,1,\"1\",{}]"), ("[1,null,null,null,2]", "[1,null,null,null,2]"),
        ("[123e65]", "[1.23e+67]"), ("[0e+1]", "[0.0]"), ("[0e1]", "[0.0]"), ("[ 4]", "[4]"),
        ("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]", "[-1e-78]"),
        ("[20e1]", "[200.0]"), ("[-0]", "[0]"), ("[-123]", "[-123]"), ("[-1]", "[-1]"), ("[1E22]", "[1e+22]"),
        ("[1E-2]", "[0.01]"), ("[1E+2]", "[100.0]"), ("[123e45]", "[1.23e+47]"), ("[123.456e78]", "[1.23456e+80]"),
        ("[1e-2]", "[0.01]"), ("[123.456789]", "[123.456789]"), ("[-0.0]", "[-0.0]"), ("[1e-400]", "[0.0]"),
        ("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}", "{\"asd\":\"sdf\",\"dfg\":\"fgh\"}"), ("{}", "{}"),
        ("{\"\":0}", "{\"\":0}"),
        ("{\"foo\\u0000bar\": 42}", "{\"foo\\u0000bar\":42}"), ("{\n\"a\": \"b\"\r\n\t}", "{\"a\":\"b\"}"),
        ("[\"\\u0060\\u012a\\u12AB\"]", "[\"`Ī\u{12AB}\"]"), ("[\"\\uD801\\udc37\"]", "[\"\u{10437}\"]"),
        ("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", "[\"\u{1F639}\u{1F48D}\"]"),
        ("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\"\\\\/\\b\\f\\n\\r\\t\"]"), ("[\"\\\\u0000\"]", "[\"\\\\u0000\"]"),
        ("[\"\\uFFFF\"]", "[\"\u{FFFF}\"]"), ("[\"\\uDBFF\\uDFFF\"]", "[\"\u{10FFFF}\"]"),
        ("[\"\u{7F}\"]", "[\"\u{7F}\"]"),
        ("[\"\u{2028}\u{2029}\"]", "[\"\u{2028}\u{2029}\"]"), ("\" \"", "\" \""), ("42", "42"), ("false", "false"),
        ("null", "null"), ("true", "true"), ("-0.1", "-0.1"), ("[9223372036854775807]", "[9223372036854775807]"),
        ("[-9223372036854775808]", "[-9223372036854775808]"), ("[9223372036854775808]", "[9.223372036854776e+18]"),
        ("[-9223372036854775809]", "[-9.223372036854776e+18]"), ("[1.0]", "[1.0]"),
        ("[\"e\u{301}\",\"\u{E9}\"]", "[\"e\u{301}\",\"\u{E9}\"]"), ("\t\r\n {} \n", "{}"),
    ]

    @Test("what RFC 8259 allows is read", arguments: accepted)
    func accepts(text: String, compact: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(String(decoding: value.serialized(), as: UTF8.self) == compact)
    }

    /// Texts that are no JSON, after the `n_` cases of JSONTestSuite.
    static let refused: [(text: String, reason: JSONError.Reason)] = [
        ("", .unexpectedEnd), (" ", .unexpectedEnd), ("[1 true]", .unexpectedByte), ("[\"\": 1]", .unexpectedByte),
        ("[\"\"],", .trailingBytes), ("[,1]", .unexpectedByte), ("[1,,2]", .unexpectedByte),
        ("[\"x\"]]", .trailingBytes),
        ("[1,]", .unexpectedByte), ("[\"x\"", .unexpectedEnd), ("[3[4]]", .unexpectedByte), ("[1:2]", .unexpectedByte),
        ("[,]", .unexpectedByte), ("[-]", .invalidNumber), ("[\"a\",\n4\n,1,", .unexpectedEnd),
        ("[*]", .unexpectedByte),
        ("[fals]", .unexpectedByte), ("[nul]", .unexpectedByte), ("[tru]", .unexpectedByte),
        ("[True]", .unexpectedByte),
        ("[++1234]", .unexpectedByte), ("[+1]", .unexpectedByte), ("[-01]", .invalidNumber),
        ("[-1.0.]", .unexpectedByte),
        ("[-2.]", .invalidNumber), ("[-NaN]", .invalidNumber), ("[.-1]", .unexpectedByte), ("[0.1.2]", .unexpectedByte),
        ("[0.3e+]", .invalidNumber), ("[0.3e]", .invalidNumber), ("[0.e1]", .invalidNumber), ("[0E]", .invalidNumber),
        ("[1.0e+]", .invalidNumber), ("[1 000.0]", .unexpectedByte), ("[1eE2]", .invalidNumber),
        ("[2.e3]", .invalidNumber),
        ("[Inf]", .unexpectedByte), ("[NaN]", .unexpectedByte), ("[\u{FF11}]", .unexpectedByte),
        ("[1+2]", .unexpectedByte),
        ("[0x1]", .unexpectedByte), ("[-foo]", .invalidNumber), ("[012]", .invalidNumber), ("[-012]", .invalidNumber),
        ("[00]", .invalidNumber), ("[1e", .unexpectedEnd), ("[1.", .unexpectedEnd), ("-", .unexpectedEnd),
        ("[1e400]", .numberOutOfRange), ("[-1e400]", .numberOutOfRange), ("{\"x\", null}", .unexpectedByte),
        ("{\"x\"::\"b\"}", .unexpectedByte), ("{\"a\":\"a\" 123}", .unexpectedByte),
        ("{key: 'value'}", .unexpectedByte),
        ("{1:1}", .unexpectedByte), ("{\"a\" b}", .unexpectedByte), ("{\"id\":0,}", .unexpectedByte),
        ("{,}", .unexpectedByte),
        ("{\"a\":1,,\"b\":2}", .unexpectedByte), ("{\"a\":", .unexpectedEnd), ("{\"a\"", .unexpectedEnd),
        ("{\"a\":\"b\"}/**/", .trailingBytes), ("{\"a\":\"b\"}#", .trailingBytes),
        ("{\"a\":true} \"x\"", .trailingBytes),
        ("{\"a\":1,\"a\":1}", .duplicateMember), ("{\"a\":1,\"b\":2,\"\\u0061\":3}", .duplicateMember),
        ("[\"\\uD800\"]", .loneSurrogate), ("[\"\\uD800\\n\"]", .loneSurrogate), ("[\"\\uDC00\"]", .loneSurrogate),
        ("[\"\\uD800\\uD800\"]", .loneSurrogate), ("[\"\\uD800\\u0041\"]", .loneSurrogate),
        ("[\"\\uDFAA\\uD800\"]", .loneSurrogate),
        ("[\"\\u00A\"]", .invalidEscape), ("[\"\\u123", .unexpectedEnd), ("[\"\\x00\"]", .invalidEscape),
        ("[\"\\a\"]", .invalidEscape),
        ("[\"\\uqqqq\"]", .invalidEscape), ("[\"\\", .unexpectedEnd), ("[\"\\U0041\"]", .invalidEscape),
        ("[\"\\\u{1F300}\"]", .invalidEscape),
        ("[\"a\u{0}a\"]", .controlCharacter), ("[\"new\nline\"]", .controlCharacter), ("[\"\t\"]", .controlCharacter),
        ("[\"\\n\t\"]", .controlCharacter), ("['single']", .unexpectedByte), ("\"unclosed", .unexpectedEnd),
        ("abc", .unexpectedByte),
        ("<null>", .unexpectedByte), ("[\u{C}]", .unexpectedByte), ("[\u{2060}]", .unexpectedByte),
        ("\u{FEFF}{}", .unexpectedByte),
        ("2@", .trailingBytes), ("{}}", .trailingBytes), ("[1]x", .trailingBytes), ("\u{A0}1", .unexpectedByte),
        ("nulll", .trailingBytes),
        ("[\u{0}]", .unexpectedByte), ("{\"a\":1}\u{0}", .trailingBytes), ("undefined", .unexpectedByte),
        ("]", .unexpectedByte),
    ]

    @Test("what RFC 8259 does not allow is refused, with its reason", arguments: refused)
    func refuses(text: String, reason: JSONError.Reason) {
        #expect(failure(Array(text.utf8))?.reason == reason)
    }

    @Test(
        "bytes that are no UTF-8 are refused inside strings and outside",
        arguments: [
            ([0x22, 0xFF, 0x22], JSONError.Reason.invalidUTF8), ([0x22, 0xC0, 0xAF, 0x22], .invalidUTF8),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], .invalidUTF8), ([0x22, 0xF4, 0xBF, 0xBF, 0xBF, 0x22], .invalidUTF8),
            ([0x22, 0x5C, 0x6E, 0xE5, 0x22], .invalidUTF8), ([0x22, 0xE5], .unexpectedEnd), ([0xE5], .unexpectedByte),
            ([0x5B, 0xFF, 0x5D], .unexpectedByte), ([0xFF, 0xFE, 0x5B, 0x00], .unexpectedByte),
        ] as [([UInt8], JSONError.Reason)]
    )
    func refusesInvalidUTF8(bytes: [UInt8], reason: JSONError.Reason) {
        #expect(failure(bytes)?.reason == reason)
    }

    @Test("sixteen levels are read, seventeen are not, of arrays and objects alike")
    func depth() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = open == "[" ? "" : "1"
            func nested(_ depth: Int) -> [UInt8] {
                Array((String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)).utf8)
            }
            #expect(failure(nested(16)) == nil)
            #expect(failure(nested(17))?.reason == .tooDeep)
            #expect(failure(Array(String(repeating: open, count: 100_000).utf8))?.reason == .tooDeep)
        }
    }

    @Test("names that differ only in Unicode normalisation are two members")
    func namesAreBytes() throws {
        let object = try #require(try JSONParser.parse(Array("{\"e\u{301}\":1,\"\u{E9}\":2}".utf8)).objectValue)
        #expect(object["e\u{301}"] == .integer(1))
        #expect(object["\u{E9}"] == .integer(2))
        #expect(JSONValue.string("e\u{301}") != .string("\u{E9}"))
    }

    @Test("a duplicate is found in objects large and small, and a large object is read in linear time")
    func duplicatesInLargeObjects() {
        let members = (0..<5_000).map { "\"m\($0)\":0" }
        #expect(failure(Array("{\(members.joined(separator: ","))}".utf8)) == nil)
        for duplicate in [0, 14, 15, 16, 17, 4_999] {
            let text = "{\((members + ["\"m\(duplicate)\":0"]).joined(separator: ","))}"
            #expect(failure(Array(text.utf8))?.reason == .duplicateMember)
        }
    }

    @Test("an error tells the offset and nothing of the text")
    func errorsAreSafe() throws {
        let error = try #require(failure(Array(#"{"otp":"123456","otp":"654321"}"#.utf8)))
        #expect(error == JSONError(.duplicateMember, at: 16))
        #expect("\(error)" == "JSON duplicate_member at byte 16")
    }

    @Test("descriptions of values show no content")
    func descriptionsAreRedacted() throws {
        let value = try JSONParser.parse(Array(#"{"otp":"123456","list":["123456"]}"#.utf8))
        var dumped = ""
        dump(value, to: &dumped)
        dump(value.objectValue, to: &dumped)
        #expect(!"\(value)\(String(reflecting: value))\(dumped)".contains("123456"))
    }

    private func failure(_ bytes: [UInt8]) -> JSONError? {
        do {
            _ = try JSONParser.parse(bytes)
            return nil
        } catch {
            return error
        }
    }
}
