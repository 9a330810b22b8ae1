import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("token.enroll")
struct EnrollTokenTests {
    @Test("answers and publishes the view of contract section 6, member for member")
    func view() throws {
        var desk = Desk()
        let (result, outcome) = try desk.ok(
            EnrollTokenHandler(),
            #"{"tokenType": "sms", "phone": "+41791234567", "description": "work phone"}"#
        )
        let token = try JSON.member("token", of: result)
        let id = try JSON.text(token, "tokenId")
        #expect(
            JSON.text(token) == #"""
                {"tokenId":"\#(id)","tenant":"acme","userId":"alice","tokenType":"sms","kind":"sms",\#
                "typeName":"SMS code","hardware":false,"status":"ACTIVE","statusReason":null,\#
                "description":"work phone","device":"+41*******67","pendingContact":null,"serial":null,\#
                "manufacturer":null,"model":null,"createdAt":"2027-01-15T08:00:00.000Z",\#
                "activatedAt":"2027-01-15T08:00:00.000Z","updatedAt":"2027-01-15T08:00:00.000Z","lastUsedAt":null,\#
                "expiresAt":null,"activateBefore":null,"lockedUntil":null,"failures":0,"version":1,\#
                "actions":["edit","test","disable","delete"]}
                """#
        )
        #expect(result.members.map(\.name) == ["token"])
        #expect(outcome.events == [EventDraft(.tokenEnrolled, ["token": .object(token)])])
        #expect(outcome.notifications.isEmpty)
        #expect(outcome.tokens == [try #require(TokenID(id))])
        #expect(desk.state[desk.user].tokens.count == 1)
    }

    @Test("shows contact data in clear only to an asker who may see it, and never in events")
    func clearContact() throws {
        var desk = Desk()
        desk.asker = TokenCore.Asker(id: "operator", viewsContacts: true)
        let (result, outcome) = try desk.ok(EnrollTokenHandler(), #"{"tokenType": "email", "email": "al@example.org"}"#)
        #expect(try JSON.text(JSON.member("token", of: result), "device") == "al@example.org")
        let event = try #require(outcome.events.first)
        #expect(try JSON.text(JSON.member("token", of: event.data), "device") == "a***@example.org")
    }

    @Test("hands out a soft token's secret once, under a seal, and nowhere else")
    func provisioning() throws {
        var desk = Desk()
        desk.rule { $0.life.notices = Set(TypePolicy.Notice.allCases) }
        desk.state[desk.user].contact = DirectoryEntry(email: "alice@work.example", revision: 1)
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        let (result, outcome) = try desk.ok(EnrollTokenHandler(), #"{"tokenType": "totp", "secret": "\#(secret)"}"#)
        let uri = try JSON.text(JSON.member("provisioning", of: result), "uri")
        let end = Desk.start.adding(seconds: 7 * 86_400).seconds
        #expect(uri.hasPrefix("sealed(acme/alice,\(end),otpauth://totp/acme:alice?secret=\(secret)&"))
        var rest = outcome
        var bare = result
        bare["provisioning"] = nil
        rest.answer = .ok(bare)
        #expect(!rest.wire.contains(secret))
        #expect(outcome.notifications.map(\.template) == ["notice.enrolled"])

        let id = try JSON.text(JSON.member("token", of: result), "tokenId")
        let (_, viewed) = try desk.ok(ViewTokenHandler(), #"{"tokenId": "\#(id)"}"#)
        #expect(!viewed.wire.contains(secret))
        desk.now = Desk.start.adding(seconds: 3_600)
        let (again, provisioned) = try desk.ok(ProvisionTokenHandler(), #"{"tokenId": "\#(id)"}"#)
        #expect(!provisioned.wire.contains(secret))
        let later = try JSON.text(JSON.member("provisioning", of: again), "uri")
        #expect(later.hasPrefix("sealed(acme/alice,\(end),otpauth://totp/"), "the seal ends when the token does")
        #expect(provisioned.events.map(\.type) == [.tokenEdited])
    }

    @Test("tells another contact than the one just enrolled")
    func notice() throws {
        var desk = Desk()
        desk.rule { $0.life.notices = [.enrolled] }
        desk.state[desk.user].contact = DirectoryEntry(email: "alice@work.example", locale: "de", revision: 1)
        let (_, outcome) = try desk.ok(EnrollTokenHandler(), #"{"tokenType": "email", "email": "mallory@example.org"}"#)
        let notice = try #require(outcome.notifications.first)
        #expect(notice.channel == .email)
        #expect(notice.locale == "de")
        #expect(
            JSON.text(notice.content)
                == #"{"to":"alice@work.example","typeName":"E-mail code","tokenType":"email","maskedDevice":"m***@example.org"}"#
        )
    }

    static let refusals: [(String, Rejection)] = [
        (#"{"tokenType": "pigeon"}"#, Rejection(.unknownTokenType)),
        (#"{"tokenType": "hotp-hardware", "serial": "S-1"}"#, Rejection(.serialNotFound)),
        (#"{"tokenType": "hotp-hardware"}"#, Rejection.malformed(field: "/serial")),
        (#"{"tokenType": "sms"}"#, .malformed(field: "/phone")),
        (#"{"tokenType": "sms", "phone": "+41 79 123 45 67"}"#, Rejection(.invalidPhone)),
        (#"{"tokenType": "email", "email": "a@example.org\r\nBcc: b@example.org"}"#, Rejection(.invalidEmail)),
        (#"{"tokenType": "virtual", "channel": "sms"}"#, Rejection(.noContact)),
        (#"{"tokenType": "totp", "secret": "!"}"#, .malformed(field: "/secret")),
        (#"{"tokenType": "totp", "secret": "AAAA"}"#, Rejection(.weakSecret)),
        (#"{"tokenType": "totp", "secret": "eyJ.secret.mallory.AAAA"}"#, Rejection(.invalidCiphertext)),
        (
            #"{"tokenType": "sms", "phone": "+41791234567", "expiresAt": "2027-01-15T08:00:00Z"}"#,
            .malformed(field: "/expiresAt")
        ),
    ]

    @Test("refuses by code, and changes and tells nothing", arguments: refusals)
    func refuses(data: String, rejection: Rejection) throws {
        var desk = Desk()
        let outcome = try desk.send(EnrollTokenHandler(), data)
        #expect(outcome.rejection == rejection)
        #expect(outcome.events.isEmpty && outcome.notifications.isEmpty)
        #expect(desk.state == WorkingSet(), "an unknown user gets no record by a refusal")
    }

    @Test("decides the same for the same input")
    func deterministic() throws {
        var first = Desk()
        var second = Desk()
        for data in [#"{"tokenType": "totp"}"#, #"{"tokenType": "sms", "phone": "+41791234567"}"#] {
            let outcomes = [
                try first.send(EnrollTokenHandler(), data).wire, try second.send(EnrollTokenHandler(), data).wire,
            ]
            #expect(outcomes[0] == outcomes[1])
        }
        #expect(first.state == second.state)
    }
}
