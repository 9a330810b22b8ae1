import Contract
import TestSupport
import Testing
import TokenCore
import WorkerRuntime

@testable import Enrollment

@Suite("token.list")
struct ListTokensTests {
    @Test("goes through all tokens by its cursor")
    func pages() throws {
        var desk = Desk()
        var enrolled: [String] = []
        for _ in 0..<5 { enrolled.append(try desk.enroll(TokenCommandTests.sms)) }
        var seen: [String] = []
        var cursor = ""
        repeat {
            let (result, _) = try desk.ok(ListTokensHandler(), #"{"limit": 2\#(cursor)}"#)
            guard case .array(let tokens)? = result["tokens"] else { throw JSON.Unexpected(name: "tokens") }
            for token in tokens { seen.append(try JSON.text(#require(token.objectValue), "tokenId")) }
            cursor = result["nextCursor"]?.stringValue.map { #", "cursor": "\#($0)""# } ?? ""
        } while !cursor.isEmpty && seen.count < 9
        #expect(seen == enrolled.sorted())
    }

    @Test("filters, and finds nothing for a stranger")
    func filters() throws {
        var desk = Desk()
        _ = try desk.enroll(TokenCommandTests.sms)
        _ = try desk.enroll(#"{"tokenType": "totp"}"#)
        let (pending, _) = try desk.ok(ListTokensHandler(), #"{"status": "PENDING"}"#)
        #expect(JSON.text(pending).contains(#""tokenType":"totp""#))
        #expect(!JSON.text(pending).contains(#""tokenType":"sms""#))
        desk.user = UserKey(tenant: "acme", userID: "nobody")
        #expect(JSON.text(try desk.ok(ListTokensHandler(), "{}").0) == #"{"tokens":[]}"#)
        #expect(desk.state.users[desk.user] == nil)
    }

    @Test("refuses a cursor that it never gave")
    func cursor() throws {
        var desk = Desk()
        #expect(try desk.send(ListTokensHandler(), #"{"cursor": "x"}"#).rejection == Rejection(.invalidCursor))
    }

    @Test("refuses a page that no record could carry; a lower limit helps")
    func tooLarge() throws {
        var desk = Desk()
        desk.rule { $0.life.maxPerUser = 1_000 }
        let description = String(repeating: "é", count: 255)
        for _ in 0..<300 {
            _ = try desk.enroll(#"{"tokenType": "totp", "description": "\#(description)"}"#)
        }
        #expect(try desk.send(ListTokensHandler(), #"{"limit": 300}"#).rejection == Rejection(.resultTooLarge))
        let (result, _) = try desk.ok(ListTokensHandler(), #"{"limit": 100}"#)
        #expect(result["nextCursor"] != nil)
        #expect(result.serialized().count <= ListTokensHandler.largestResult)
    }
}
