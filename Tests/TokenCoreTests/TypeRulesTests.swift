import TestSupport
import Testing

@testable import TokenCore

@Suite("Rules of token types")
struct TypeRulesTests {
    private func refusal(_ body: () throws(Rejection) -> Void) -> Rejection? {
        do throws(Rejection) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("a name is defined once, also where its type is retired")
    func define() throws {
        var catalogue = TypeCatalogue(TokenType.builtIn)
        let card = TokenType(name: "card", kind: .hotp, isHardware: true, names: ["de": "Karte"])
        #expect(try catalogue.define(card) == TypeChange(type: card, isUnchanged: false))
        #expect(catalogue["card"] == card)
        #expect(catalogue.all.count == TokenType.builtIn.count + 1)
        let before = catalogue
        #expect(refusal { () throws(Rejection) in _ = try catalogue.define(card) } == Rejection(.typeExists))
        _ = try catalogue.retire("card")
        #expect(refusal { () throws(Rejection) in _ = try catalogue.define(card) } == Rejection(.typeExists))
        #expect(before["card"]?.isRetired == false)
    }

    @Test("only what computes OTPs can be hardware", arguments: TokenKind.allCases)
    func hardware(kind: TokenKind) throws {
        var catalogue = TypeCatalogue([])
        let expected: Rejection? = kind == .hotp || kind == .totp ? nil : .malformed(field: "/hardware")
        let type = TokenType(name: "t", kind: kind, isHardware: true)
        #expect(refusal { () throws(Rejection) in _ = try catalogue.define(type) } == expected)
        #expect((catalogue["t"] == nil) == (expected != nil))
        var soft = TypeCatalogue([TokenType(name: "t", kind: kind)])
        #expect(refusal { () throws(Rejection) in _ = try soft.edit("t", TypeEdit(isHardware: true)) } == expected)
        #expect(soft["t"]?.isHardware == (expected == nil))
        #expect(try soft.edit("t", TypeEdit(isHardware: false)).type.isHardware == false)
    }

    @Test("an edit changes what it names and leaves the rest; one that changes nothing says so")
    func edit() throws {
        var catalogue = TypeCatalogue([TokenType(name: "t", kind: .sms, names: ["en": "Text", "de": "SMS"])])
        var policy = TypePolicy()
        policy.life.maxPerUser = 2
        let change = try catalogue.edit("t", TypeEdit(names: ["de": nil, "fr": "Texto"], policy: policy))
        #expect(!change.isUnchanged)
        #expect(change.type.names == ["en": "Text", "fr": "Texto"])
        #expect(change.type.policy == policy)
        #expect(catalogue["t"] == change.type)
        for same in [
            TypeEdit(), TypeEdit(names: ["en": "Text", "it": nil], policy: policy), TypeEdit(isHardware: false),
        ] {
            #expect(try catalogue.edit("t", same).isUnchanged)
        }
        #expect(
            refusal { () throws(Rejection) in _ = try catalogue.edit("none", TypeEdit()) }
                == Rejection(.unknownTokenType)
        )
    }

    @Test("a type has a hundred names at most, however they came together")
    func manyNames() throws {
        let names = Dictionary(uniqueKeysWithValues: (0..<100).map { ("x-\($0)", "name") })
        var catalogue = TypeCatalogue([])
        _ = try catalogue.define(TokenType(name: "t", kind: .sms, names: names))
        let more = TypeEdit(names: ["en": "one too many"])
        #expect(
            refusal { () throws(Rejection) in _ = try catalogue.edit("t", more) } == .malformed(field: "/names")
        )
        #expect(try catalogue.edit("t", TypeEdit(names: ["x-0": nil, "en": "room for one"])).type.names.count == 100)
    }

    @Test("retired is for good: names and rules can still be edited, retiring again changes nothing")
    func retire() throws {
        var catalogue = TypeCatalogue([TokenType(name: "t", kind: .sms)])
        #expect(try !catalogue.retire("t").isUnchanged)
        #expect(try catalogue.retire("t").isUnchanged)
        #expect(try catalogue.edit("t", TypeEdit(names: ["en": "Old"])).type.isRetired)
        #expect(
            refusal { () throws(Rejection) in _ = try catalogue.retire("none") } == Rejection(.unknownTokenType)
        )
    }
}
