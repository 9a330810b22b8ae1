import Contract
import Testing

@Suite("Canonical JSON (RFC 8785)")
struct CanonicalJSONTests {
    /// RFC 8785 Appendix B: IEEE 754 bits and the text of the number.
    static let appendixB: [(bits: UInt64, text: String)] = [
        (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"), (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
        (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
        (0xC340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"), (0x44B5_2D02_C7E1_4AF6, "1e+23"),
        (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"), (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
        (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"), (0x444B_1AE4_D6E2_EF50, "1e+21"),
        (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"), (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
        (0x41B3_DE43_5555_5553, "333333333.3333332"), (0x41B3_DE43_5555_5554, "333333333.33333325"),
        (0x41B3_DE43_5555_5555, "333333333.3333333"), (0x41B3_DE43_5555_5556, "333333333.3333334"),
        (0x41B3_DE43_5555_5557, "333333333.33333343"), (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
        (0x4314_3FF3_C1CB_0959, "1424953923781206.2"), (0x4340_0000_0000_0001, "9007199254740994"),
        (0x4340_0000_0000_0002, "9007199254740996"),
    ]

    @Test("numbers are written as in Appendix B", arguments: appendixB)
    func numbers(bits: UInt64, text: String) {
        #expect(canonical(.double(Double(bitPattern: bits))) == text)
    }

    @Test(
        "numbers take ECMAScript's layouts at every border",
        arguments: [
            (1.0, "1"), (-1.5, "-1.5"), (100, "100"), (0.1, "0.1"),
            (123_456_789_012_345_683_968, "123456789012345680000"),
            (1.5e-6, "0.0000015"), (1.5e-7, "1.5e-7"), (1e-7, "1e-7"), (1.25e21, "1.25e+21"), (10.25, "10.25"),
            (0.000123, "0.000123"), (4.5, "4.5"), (2e-3, "0.002"), (1e30, "1e+30"), (123e-10, "1.23e-8"),
        ]
    )
    func layouts(number: Double, text: String) {
        #expect(canonical(.double(number)) == text)
    }

    @Test(
        "integers beyond 2^53 are written as the nearest double",
        arguments: [
            (Int64(9_007_199_254_740_991), "9007199254740991"), (9_007_199_254_740_993, "9007199254740992"),
            (.max, "9223372036854776000"), (.min, "-9223372036854776000"), (0, "0"), (-56, "-56"),
        ] as [(Int64, String)]
    )
    func integers(number: Int64, text: String) {
        #expect(canonical(.integer(number)) == text)
    }

    @Test("the sample of section 3.2.2 gets the form of section 3.2.4")
    func sample() throws {
        let text = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(
            canonical(value)
                == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
                + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        )
    }

    @Test("members are sorted by UTF-16 code units, as in section 3.2.3")
    func order() throws {
        let text = #"""
            {"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
             "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"}
            """#
        let object = try #require(
            try JSONParser.parse(CanonicalJSON.bytes(of: JSONParser.parse(Array(text.utf8)))).objectValue
        )
        #expect(
            object.map { $0.value.stringValue } == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign",
                "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ]
        )
    }

    @Test("nested objects are sorted too, arrays keep their order, nothing is normalised")
    func nested() throws {
        let value = try JSONParser.parse(Array("{\"b\":[{\"d\":1,\"c\":2},1],\"a\":\"e\u{301}\",\"\":{}}".utf8))
        #expect(canonical(value) == "{\"\":{},\"a\":\"e\u{301}\",\"b\":[{\"c\":2,\"d\":1},1]}")
    }

    private func canonical(_ value: JSONValue) -> String {
        String(decoding: CanonicalJSON.bytes(of: value), as: UTF8.self)
    }
}
