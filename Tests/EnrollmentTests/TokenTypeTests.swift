import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("Commands on token types")
struct TokenTypeTests {
    static let card = #"{"tokenType":"card","kind":"sms","names":{"de":"Karte"},"policy":{"digits":8,"maxPerUser":1}}"#

    /// At the tenant's own key.
    private func desk() -> Desk {
        var desk = Desk()
        desk.user = UserKey(tenant: "acme", userID: "~types")
        return desk
    }

    private func policy(_ result: JSONObject) throws -> JSONObject {
        try JSON.member("policy", of: JSON.member("tokenType", of: result))
    }

    @Test("come on the tenant's key, say that they change types, and leave an audit row unless they only look")
    func shape() throws {
        let all: [any CommandHandler.Type] = [
            DefineTokenTypeHandler.self, EditTokenTypeHandler.self, RetireTokenTypeHandler.self,
            ListTokenTypesHandler.self,
        ]
        #expect(all.allSatisfy { $0.keys == .tenantWide })
        #expect(all.map { $0.isReadOnly } == [false, false, false, true])
        let key = UserKey(tenant: "acme", userID: "~types")
        let fields = FieldReader(try JSON.object(Self.card))
        #expect(try DefineTokenTypeHandler().needs(DefineTokenType(fields), on: key).changesTypes)
        #expect(try EditTokenTypeHandler().needs(EditTokenType(fields), on: key).changesTypes)
        #expect(try RetireTokenTypeHandler().needs(RetireTokenType(fields), on: key).changesTypes)
        #expect(try !ListTokenTypesHandler().needs(ListTokenTypes(fields), on: key).changesTypes)
        for type in [CommandType.defineTokenType, .editTokenType, .retireTokenType, .listTokenTypes] {
            #expect(HandlerTable.enrollment.types.contains(type))
        }
    }

    @Test("define answers and publishes the type as stored, and it can be enrolled at once by its rules")
    func define() throws {
        var desk = desk()
        let (result, outcome) = try desk.ok(DefineTokenTypeHandler(), Self.card)
        let type = try JSON.member("tokenType", of: result)
        #expect(try JSON.text(type, "tokenType") == "card")
        #expect(try JSON.text(type, "kind") == "sms")
        #expect(type["hardware"] == .bool(false))
        #expect(type["retired"] == .bool(false))
        #expect(try policy(result)["digits"] == .integer(8))
        #expect(try policy(result)["maxAttempts"] == .integer(5))
        #expect(outcome.events == [EventDraft(.tokenTypeDefined, result)])

        let again = try desk.send(DefineTokenTypeHandler(), Self.card)
        #expect(again.rejection == Rejection(.typeExists))
        #expect(again.events.isEmpty)

        desk.user = UserKey(tenant: "acme", userID: "alice")
        let enrol = #"{"tokenType":"card","phone":"+41791234567"}"#
        let (enrolled, _) = try desk.ok(EnrollTokenHandler(), enrol)
        #expect(try JSON.text(JSON.member("token", of: enrolled), "typeName") == "Karte")
        #expect(try desk.send(EnrollTokenHandler(), enrol).rejection == Rejection(.tooManyTokens))
    }

    @Test("edit merges, holds for the next command, and says nothing where nothing changed")
    func edit() throws {
        var desk = desk()
        _ = try desk.ok(DefineTokenTypeHandler(), Self.card)
        let edit = #"{"tokenType":"card","names":{"en":"Card","de":null},"policy":{"maxPerUser":2,"digits":null}}"#
        let (result, outcome) = try desk.ok(EditTokenTypeHandler(), edit)
        #expect(JSON.text(try JSON.member("names", of: JSON.member("tokenType", of: result))) == #"{"en":"Card"}"#)
        #expect(try policy(result)["digits"] == .integer(6))
        #expect(outcome.events == [EventDraft(.tokenTypeEdited, result)])
        let before = desk.state
        let (same, silent) = try desk.ok(EditTokenTypeHandler(), edit)
        #expect(same == result)
        #expect(silent.events.isEmpty)
        #expect(desk.state == before)

        desk.user = UserKey(tenant: "acme", userID: "alice")
        for _ in 0..<2 { _ = try desk.enroll(#"{"tokenType":"card","phone":"+41791234567"}"#) }
        desk.user = UserKey(tenant: "acme", userID: "~")
        _ = try desk.ok(EditTokenTypeHandler(), #"{"tokenType":"card","policy":{"enrollable":false}}"#)
        desk.user = UserKey(tenant: "acme", userID: "bob")
        let refused = try desk.send(EnrollTokenHandler(), #"{"tokenType":"card","phone":"+41791234567"}"#)
        #expect(refused.rejection == Rejection(.typeNotEnrollable))
    }

    @Test("a value out of range names field and bounds, which depend on the kind; nothing changes")
    func bounds() throws {
        var desk = desk()
        let digits = { (maximum: Int) in
            Rejection(.policyOutOfRange, .init(field: "/policy/digits", maximum: maximum, minimum: 6))
        }
        let define = #"{"tokenType":"new","kind":"totp","policy":{"digits":9}}"#
        #expect(try desk.send(DefineTokenTypeHandler(), define).rejection == digits(8))
        for (type, maximum) in [("totp", 8), ("hotp-hardware", 8), ("sms", 10), ("recovery", 10)] {
            func edit(_ digits: Int) -> String { #"{"tokenType":"\#(type)","policy":{"digits":\#(digits)}}"# }
            #expect(try desk.send(EditTokenTypeHandler(), edit(maximum + 1)).rejection == digits(maximum))
            #expect(try policy(desk.ok(EditTokenTypeHandler(), edit(maximum)).0)["digits"] == .integer(Int64(maximum)))
        }
        #expect(
            try desk.send(RetireTokenTypeHandler(), #"{"tokenType":"new"}"#).rejection == Rejection(.unknownTokenType)
        )
    }

    @Test("unknown types are unknown, and only OATH types are hardware")
    func refusals() throws {
        var desk = desk()
        for outcome in [
            try desk.send(EditTokenTypeHandler(), #"{"tokenType":"none","policy":{"digits":99}}"#),
            try desk.send(RetireTokenTypeHandler(), #"{"tokenType":"none"}"#),
        ] {
            #expect(outcome.rejection == Rejection(.unknownTokenType))
        }
        for outcome in [
            try desk.send(DefineTokenTypeHandler(), #"{"tokenType":"x","kind":"email","hardware":true}"#),
            try desk.send(EditTokenTypeHandler(), #"{"tokenType":"sms","hardware":true}"#),
        ] {
            #expect(outcome.rejection == .malformed(field: "/hardware"))
        }
        #expect(desk.state.catalogues.isEmpty)
    }

    @Test("retire makes tokens OBSOLETE in views at once and enrols no more; again it is ok and told no more")
    func retire() throws {
        var desk = desk()
        _ = try desk.ok(DefineTokenTypeHandler(), Self.card)
        desk.user = UserKey(tenant: "acme", userID: "alice")
        let id = try desk.enroll(#"{"tokenType":"card","phone":"+41791234567"}"#)
        desk.user = UserKey(tenant: "acme", userID: "~types")
        let (result, outcome) = try desk.ok(RetireTokenTypeHandler(), #"{"tokenType":"card"}"#)
        #expect(try JSON.member("tokenType", of: result)["retired"] == .bool(true))
        #expect(outcome.events == [EventDraft(.tokenTypeRetired, result)])
        let (again, silent) = try desk.ok(RetireTokenTypeHandler(), #"{"tokenType":"card"}"#)
        #expect(again == result)
        #expect(silent.events.isEmpty)

        desk.user = UserKey(tenant: "acme", userID: "alice")
        let (view, _) = try desk.ok(ViewTokenHandler(), #"{"tokenId":"\#(id)"}"#)
        #expect(try JSON.text(JSON.member("token", of: view), "status") == "OBSOLETE")
        #expect(try JSON.text(JSON.member("token", of: view), "statusReason") == "type_retired")
        let refused = try desk.send(EnrollTokenHandler(), #"{"tokenType":"card","phone":"+41791234567"}"#)
        #expect(refused.rejection == Rejection(.typeNotEnrollable))
    }

    @Test("list shows all types by name, retired ones too, and refuses what no record holds")
    func list() throws {
        var desk = desk()
        _ = try desk.ok(DefineTokenTypeHandler(), Self.card)
        _ = try desk.ok(RetireTokenTypeHandler(), #"{"tokenType":"card"}"#)
        let (result, _) = try desk.ok(ListTokenTypesHandler(), "{}")
        guard case .array(let types) = result["tokenTypes"] else { throw JSON.Unexpected(name: "tokenTypes") }
        let names = types.compactMap { $0.objectValue?["tokenType"]?.stringValue }
        #expect(names == (TokenType.builtIn.map(\.name) + ["card"]).sorted())
        #expect(types.first?.objectValue?["retired"] == .bool(true))

        let long = String(repeating: "\u{1F512}", count: 255)
        for number in 0..<3 {
            let names = (0..<100).map { #""x-\#($0)":"\#(long)""# }.joined(separator: ",")
            _ = try desk.ok(
                DefineTokenTypeHandler(),
                #"{"tokenType":"big-\#(number)","kind":"sms","names":{\#(names)}}"#
            )
        }
        #expect(try desk.send(ListTokenTypesHandler(), "{}").rejection == Rejection(.resultTooLarge))
    }
}
