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

    @Test("lists the tenant on a tenant-wide key, from the rows that the store found")
    func tenant() throws {
        var desk = Desk()
        for name in ["alice", "bob", "carol"] {
            desk.user = UserKey(tenant: "acme", userID: name)
            _ = try desk.enroll(TokenCommandTests.sms)
        }
        let rows = desk.state.users.values.flatMap(\.tokens).sorted { $0.id < $1.id }
        desk.user = UserKey(tenant: "acme", userID: "~")
        let data = #"{"limit": 2, "status": "ACTIVE", "tokenType": "sms", "expiresBefore": "2028-01-01T00:00:00Z"}"#
        let request = try ListTokensHandler().needs(ListTokens(FieldReader(JSON.object(data))), on: desk.user).page
        #expect(request?.limit == 3)
        #expect(request?.status == .active)
        #expect(request?.tokenType == "sms")
        #expect(request?.expiresBefore == Instant(rfc3339: "2028-01-01T00:00:00Z"))

        desk.state.tenantPage = rows
        let (result, _) = try desk.ok(ListTokensHandler(), #"{"limit": 2}"#)
        guard case .array(let tokens)? = result["tokens"] else { throw JSON.Unexpected(name: "tokens") }
        #expect(try tokens.map { try JSON.text(#require($0.objectValue), "userId") } == rows.prefix(2).map(\.userID))
        let cursor = try #require(result["nextCursor"]?.stringValue)
        let more = try ListTokens(FieldReader(["cursor": .string(cursor)]))
        let next = try ListTokensHandler().needs(more, on: desk.user).page
        #expect(next?.after == rows[1].id)

        desk.state.tenantPage = Array(rows.suffix(1))
        #expect(try desk.ok(ListTokensHandler(), #"{"limit": 2}"#).0["nextCursor"] == nil)
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
