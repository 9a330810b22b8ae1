import Contract
import Testing
import TokenCore

@Suite("Data of commands on token types")
struct TokenTypeContentTests {
    private func fields(_ json: String) throws -> FieldReader {
        FieldReader(try #require(try JSONParser.parse(Array(json.utf8)).objectValue))
    }

    private func field<Content: CommandContent>(_ type: Content.Type, _ json: String) throws -> String? {
        let fields = try fields(json)
        do throws(FieldError) {
            _ = try Content(fields)
            return nil
        } catch {
            return error.pointer
        }
    }

    @Test("a definition is read whole; names, rules and hardware may be absent")
    func define() throws {
        let whole = try DefineTokenType(
            fields(
                #"""
                {"tokenType":"company-card-2","kind":"hotp","hardware":true,"names":{"de":"Karte","pt-BR":"Cartão","fr":null},
                 "policy":{"digits":8},"unknown":1}
                """#
            )
        )
        #expect(whole.tokenType == "company-card-2")
        #expect(whole.kind == .hotp)
        #expect(whole.hardware == true)
        #expect(whole.names == ["de": "Karte", "pt-BR": "Cartão"])
        #expect(try whole.policy?.applied(to: TypePolicy(), kind: .hotp).otp.digits == 8)
        let short = try DefineTokenType(fields(#"{"tokenType":"t","kind":"sms","names":null,"policy":null}"#))
        #expect(short.hardware == nil)
        #expect(short.names.isEmpty)
        #expect(short.policy == nil)
    }

    @Test("an edit tells what is taken away from what stays")
    func edit() throws {
        let edit = try EditTokenType(fields(#"{"tokenType":"t","names":{"de":null,"en":"Text"},"kind":"sms"}"#))
        #expect(edit.names == ["de": nil, "en": "Text"])
        #expect(edit.names.count == 2)
        #expect(edit.hardware == nil)
        #expect(try EditTokenType(fields(#"{"tokenType":"t"}"#)).names.isEmpty)
    }

    private static let longName = String(repeating: "n", count: 256)

    @Test(
        "what is missing or ill-formed is named",
        arguments: [
            (#"{"kind":"sms"}"#, "/tokenType"), (#"{"tokenType":"","kind":"sms"}"#, "/tokenType"),
            (#"{"tokenType":"Card","kind":"sms"}"#, "/tokenType"), (#"{"tokenType":"a_b","kind":"sms"}"#, "/tokenType"),
            (#"{"tokenType":"ä","kind":"sms"}"#, "/tokenType"), (#"{"tokenType":7,"kind":"sms"}"#, "/tokenType"),
            (#"{"tokenType":"\#(String(repeating: "a", count: 41))","kind":"sms"}"#, "/tokenType"),
            (#"{"tokenType":"t"}"#, "/kind"), (#"{"tokenType":"t","kind":"fax"}"#, "/kind"),
            (#"{"tokenType":"t","kind":"sms","hardware":"yes"}"#, "/hardware"),
            (#"{"tokenType":"t","kind":"sms","names":[]}"#, "/names"),
            (#"{"tokenType":"t","kind":"sms","names":{"de":""}}"#, "/names/de"),
            (#"{"tokenType":"t","kind":"sms","names":{"de":1}}"#, "/names/de"),
            (#"{"tokenType":"t","kind":"sms","names":{"de":"a\u0007"}}"#, "/names/de"),
            (#"{"tokenType":"t","kind":"sms","names":{"de":"\#(longName)"}}"#, "/names/de"),
            (#"{"tokenType":"t","kind":"sms","names":{"":"a"}}"#, "/names/"),
            (#"{"tokenType":"t","kind":"sms","names":{"d/e":"a"}}"#, "/names/d~1e"),
            (#"{"tokenType":"t","kind":"sms","names":{"deutschland":"a"}}"#, "/names/deutschland"),
            (#"{"tokenType":"t","kind":"sms","policy":7}"#, "/policy"),
            (#"{"tokenType":"t","kind":"sms","policy":{"digit":6}}"#, "/policy/digit"),
            (#"{"tokenType":"t","kind":"sms","policy":{"Digits":6}}"#, "/policy/Digits"),
        ]
    )
    func errors(json: String, pointer: String) throws {
        #expect(try field(DefineTokenType.self, json) == pointer)
        if !pointer.hasPrefix("/kind") { #expect(try field(EditTokenType.self, json) == pointer) }
    }

    @Test("the longest names are taken: 40 bytes of a type's, 255 characters of a locale's")
    func longest() throws {
        let type = String(repeating: "z", count: 40)
        let name = String(repeating: "é", count: 255)
        #expect(
            try field(DefineTokenType.self, #"{"tokenType":"\#(type)","kind":"sms","names":{"de":"\#(name)"}}"#) == nil
        )
        #expect(try field(RetireTokenType.self, #"{"tokenType":"\#(type)"}"#) == nil)
        #expect(try field(RetireTokenType.self, #"{"tokenType":"\#(type)z"}"#) == "/tokenType")
        #expect(try field(RetireTokenType.self, "{}") == "/tokenType")
        #expect(try field(ListTokenTypes.self, #"{"anything":{}}"#) == nil)
    }
}

@Suite("Policy of a token type")
struct PolicyTests {
    private func policy(_ json: String, kind: TokenKind = .totp, over base: TypePolicy = TypePolicy()) throws
        -> TypePolicy
    {
        let object = try #require(try JSONParser.parse(Array(json.utf8)).objectValue)
        return try PolicyChange(FieldReader(object, pointer: "/policy")).applied(to: base, kind: kind)
    }

    private func refusal(_ json: String, kind: TokenKind = .totp) throws -> Rejection? {
        do {
            _ = try policy(json, kind: kind)
            return nil
        } catch let error as Rejection {
            return error
        } catch let error as FieldError {
            return .malformed(field: error.pointer)
        }
    }

    private static func outOfRange(_ field: String, _ bounds: ClosedRange<Int>) -> Rejection {
        Rejection(
            .policyOutOfRange,
            .init(field: field, maximum: bounds.upperBound, minimum: bounds.lowerBound)
        )
    }

    /// As section 5 of the contract has them.
    static let numberFields: [(String, ClosedRange<Int>)] = [
        ("digits", 6...8), ("window", 0...10), ("lookAhead", 1...100), ("resetWindow", 10...10_000),
        ("challengeTtl", 60...600), ("maxAttempts", 1...10), ("resendAfter", 10...300), ("maxSends", 1...10),
        ("maxFailures", 3...20), ("userMaxFailures", 3...50), ("maxConsecutiveFailures", 10...1_000),
        ("pendingTtl", 60...31_536_000), ("maxPerUser", 1...50), ("lifetime", 60...315_360_000),
    ]

    @Test("a number is taken from its lowest to its highest value, and not one beyond", arguments: numberFields)
    func bounds(name: String, bounds: ClosedRange<Int>) throws {
        for number in [bounds.lowerBound, bounds.upperBound] {
            let policy = try policy(#"{"\#(name)":\#(number)}"#)
            #expect(PolicyJSON.json(policy)[name] == .integer(Int64(number)))
            #expect(try self.policy(#"{"\#(name)":\#(number).0}"#) == policy, "2.0 is a whole number")
        }
        for number in ["\(bounds.lowerBound - 1)", "\(bounds.upperBound + 1)", "1e300", "-9223372036854775808"] {
            #expect(try refusal(#"{"\#(name)":\#(number)}"#) == Self.outOfRange("/policy/\(name)", bounds))
        }
        for value in [#""6""#, "6.5", "true", "[6]", "{}"] {
            #expect(try refusal(#"{"\#(name)":\#(value)}"#) == .malformed(field: "/policy/\(name)"))
        }
    }

    @Test("OTPs that are sent can be longer than those that are computed", arguments: TokenKind.allCases)
    func digits(kind: TokenKind) throws {
        let bounds = kind == .hotp || kind == .totp ? 6...8 : 6...10
        for digits in 5...11 {
            let expected = bounds.contains(digits) ? nil : Self.outOfRange("/policy/digits", bounds)
            #expect(try refusal(#"{"digits":\#(digits)}"#, kind: kind) == expected)
        }
    }

    @Test("a step has 30 or 60 seconds and nothing in between")
    func period() throws {
        for period in [30, 60] { #expect(try policy(#"{"period":\#(period)}"#).otp.period == period) }
        for period in [29, 45, 61] {
            #expect(try refusal(#"{"period":\#(period)}"#) == Self.outOfRange("/policy/period", 30...60))
        }
        #expect(try refusal(#"{"period":"30"}"#) == .malformed(field: "/policy/period"))
    }

    private static let listFields: [(String, count: ClosedRange<Int>, each: ClosedRange<Int>)] = [
        ("lockSeconds", 1...10, 1...86_400), ("expiryNotices", 0...10, 1...365),
    ]

    @Test("lists have bounds of their own and of each value", arguments: listFields)
    func lists(name: String, count: ClosedRange<Int>, each: ClosedRange<Int>) throws {
        func list(_ values: [Int]) -> String { #"{"\#(name)":[\#(values.map(String.init).joined(separator: ","))]}"# }
        for values in [
            Array(repeating: each.lowerBound, count: count.lowerBound),
            Array(repeating: each.upperBound, count: count.upperBound),
        ] {
            let expected = JSONValue.array(values.map { .integer(Int64($0)) })
            #expect(try PolicyJSON.json(policy(list(values)))[name] == expected)
        }
        let tooMany = Array(repeating: each.lowerBound, count: count.upperBound + 1)
        #expect(try refusal(list(tooMany)) == Self.outOfRange("/policy/\(name)", count))
        if count.lowerBound > 0 { #expect(try refusal(list([])) == Self.outOfRange("/policy/\(name)", count)) }
        for value in [each.lowerBound - 1, each.upperBound + 1] {
            #expect(try refusal(list([each.lowerBound, value])) == Self.outOfRange("/policy/\(name)/1", each))
        }
        #expect(try refusal(#"{"\#(name)":7}"#) == .malformed(field: "/policy/\(name)"))
        #expect(try refusal(#"{"\#(name)":[7,"7"]}"#) == .malformed(field: "/policy/\(name)/1"))
    }

    @Test(
        "switches are true or false",
        arguments: ["editable", "testable", "enrollable", "requireActiveToken", "requireBinding"]
    )
    func flags(name: String) throws {
        for flag in [true, false] {
            #expect(try PolicyJSON.json(policy(#"{"\#(name)":\#(flag)}"#))[name] == .bool(flag))
        }
        for value in ["1", #""true""#, "[]"] {
            #expect(try refusal(#"{"\#(name)":\#(value)}"#) == .malformed(field: "/policy/\(name)"))
        }
    }

    private static let wordFields: [(String, [String])] = [
        ("algorithm", ["SHA1", "SHA256", "SHA512"]), ("activate", ["now", "on-first-otp"]),
        ("contactChange", ["immediate", "verify"]),
    ]

    @Test("words are those of the contract", arguments: wordFields)
    func words(name: String, members: [String]) throws {
        for word in members {
            #expect(try PolicyJSON.json(policy(#"{"\#(name)":"\#(word)"}"#))[name] == .string(word))
        }
        for value in [#""other""#, #""""#, "7", #"["\#(members[0])"]"#] {
            #expect(try refusal(#"{"\#(name)":\#(value)}"#) == .malformed(field: "/policy/\(name)"))
        }
    }

    @Test("notices name the changes of the contract")
    func notices() throws {
        let all = #"["deleted","disabled","edited","enrolled","expiring","locked","reset","unlocked"]"#
        let policy = try policy(#"{"notices":\#(all)}"#)
        #expect(policy.life.notices == Set(TypePolicy.Notice.allCases))
        #expect(PolicyJSON.json(policy)["notices"].map { String(decoding: $0.serialized(), as: UTF8.self) } == all)
        #expect(try self.policy(#"{"notices":[]}"#).life.notices.isEmpty)
        #expect(try refusal(#"{"notices":["edited","born"]}"#) == .malformed(field: "/policy/notices/1"))
        #expect(try refusal(#"{"notices":"edited"}"#) == .malformed(field: "/policy/notices"))
    }

    @Test("a change leaves what it does not name, and null takes back to the default")
    func merge() throws {
        let base = try policy(#"{"digits":8,"maxPerUser":3,"lifetime":60,"activate":"now","notices":["locked"]}"#)
        let changed = try policy(
            #"{"maxPerUser":null,"lifetime":null,"activate":null,"notices":null,"period":60}"#,
            over: base
        )
        var expected = TypePolicy()
        expected.otp.digits = 8
        expected.otp.period = 60
        #expect(changed == expected)
        #expect(try policy("{}", over: base) == base)
        for field in PolicyJSON.json(TypePolicy()) {
            #expect(try policy(#"{"\#(field.name)":null}"#) == TypePolicy())
        }
    }

    @Test("a policy out of range changes nothing of what stands before it")
    func atomic() throws {
        #expect(
            try refusal(#"{"digits":7,"window":11}"#) == Self.outOfRange("/policy/window", 0...10)
        )
        #expect(try refusal(#"{"window":11,"digits":"7"}"#) == .malformed(field: "/policy/digits"), "form comes first")
    }

    @Test("only what differs from the default is stored, and read back it is the policy again")
    func storage() throws {
        #expect(PolicyJSON.choices(of: TypePolicy()).isEmpty)
        let json =
            #"{"digits":8,"algorithm":"SHA512","lockSeconds":[1],"activate":"now","editable":false,"lifetime":60}"#
        let policy = try policy(json)
        let choices = PolicyJSON.choices(of: policy)
        #expect(String(decoding: choices.serialized(), as: UTF8.self) == json)
        #expect(try PolicyChange(FieldReader(choices)).applied(to: TypePolicy(), kind: nil) == policy)
    }

    @Test("the view of a type shows the whole policy, in the contract's order")
    func view() {
        let type = TokenType(name: "card", kind: .hotp, isHardware: true, names: ["en": "Card", "de": "Karte"])
        #expect(
            String(decoding: TokenTypeView.json(type).serialized(), as: UTF8.self)
                == #"{"tokenType":"card","kind":"hotp","hardware":true,"names":{"de":"Karte","en":"Card"},"policy":{"#
                + #""digits":6,"algorithm":"SHA1","period":30,"window":1,"lookAhead":10,"resetWindow":1000,"#
                + #""challengeTtl":300,"maxAttempts":5,"resendAfter":30,"maxSends":5,"maxFailures":5,"#
                + #""userMaxFailures":10,"lockSeconds":[60,300,900,3600],"maxConsecutiveFailures":100,"#
                + #""pendingTtl":604800,"maxPerUser":10,"editable":true,"testable":true,"enrollable":true,"#
                + #""requireActiveToken":false,"requireBinding":false,"contactChange":"immediate","notices":[],"#
                + #""expiryNotices":[30,7,1]},"retired":false}"#
        )
    }
}
