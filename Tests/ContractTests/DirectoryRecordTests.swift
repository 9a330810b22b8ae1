import Contract
import Testing

@Suite("Directory records")
struct DirectoryRecordTests {
    private static let plain =
        #"{"phone":"+41790000067","email":"a@example.org","locale":"de","displayName":"Alice","revision":7}"#

    private func decode(
        _ value: String?,
        headers: [(String, String)] = [],
        key: String? = "acme/alice"
    ) -> DirectoryChange {
        DirectoryChange.decode(
            headers: headers.map { ($0.0, Array($0.1.utf8)) },
            key: key.map { Array($0.utf8) },
            value: value.map { Array($0.utf8) }
        )
    }

    private func record(_ change: DirectoryChange) throws -> DirectoryRecord {
        guard case .replaced(_, let record) = change else {
            Issue.record("\(change)")
            throw Record.Unexpected()
        }
        return record
    }

    @Test("data come alone, with CloudEvents headers or in a structured CloudEvent")
    func modes() throws {
        let plain = decode(Self.plain)
        let record = try record(plain)
        #expect(record.phone == "+41790000067")
        #expect(record.email == "a@example.org")
        #expect(record.locale == "de")
        #expect(record.displayName == "Alice")
        #expect(record.revision == 7)
        #expect(record.rejectedFields.isEmpty)
        let binary = [
            ("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_tenant", "acme"), ("content-type", "application/json"),
        ]
        #expect(decode(Self.plain, headers: binary) == plain)
        let structured = "{\"specversion\":\"1.0\",\"tenant\":\"acme\",\"data\":\(Self.plain)}"
        #expect(decode(structured, headers: [("content-type", "application/cloudevents+json")]) == plain)
        #expect(decode(Self.plain, headers: [("ce_id", ""), ("ce_id", "x"), ("content-type", "text/plain")]) == plain)
    }

    @Test("an ill-typed field is named and counts as absent, the rest holds")
    func tolerance() throws {
        let change = decode(#"{"phone":5,"email":["a"],"locale":"../x","displayName":"a\nb","revision":1,"more":{}}"#)
        let record = try record(change)
        #expect(record.rejectedFields == ["phone", "email", "locale", "displayName"])
        #expect(record.phone == nil && record.email == nil && record.locale == nil && record.displayName == nil)
        #expect(record.revision == 1)
        let nulls = try self.record(decode(#"{"phone":null,"revision":2}"#))
        #expect(nulls.rejectedFields.isEmpty)
    }

    @Test(
        "without a revision the record is refused",
        arguments: ["{}", #"{"revision":"7"}"#, #"{"revision":null}"#, #"{"revision":1.5}"#]
    )
    func revisions(value: String) {
        #expect(decode(value) == .refused(.dataInvalid, field: "/revision"))
    }

    @Test("a null value removes the user")
    func tombstone() throws {
        let key = try #require(RecordKey(tenant: "acme", userID: "alice"))
        #expect(decode(nil) == .removed(key))
        #expect(decode(nil, headers: [("ce_tenant", "acme")]) == .removed(key))
        #expect(decode(nil, headers: [("ce_tenant", "other")]) == .refused(.tenantDisagrees, field: "ce_tenant"))
    }

    @Test("what can't be decoded is refused with its reason")
    func refusals() {
        #expect(decode("{") == .refused(.jsonInvalid, field: ""))
        #expect(decode("[]") == .refused(.dataInvalid, field: ""))
        #expect(decode(Self.plain, key: nil) == .refused(.keyMissing, field: "key"))
        #expect(decode(nil, key: "alice") == .refused(.keyInvalid, field: "key"))
        #expect(decode(Self.plain, key: "acme/~x") == .refused(.keyInvalid, field: "key"))
        #expect(decode(Self.plain, headers: [("ce_tenant", "other")]) == .refused(.tenantDisagrees, field: "ce_tenant"))
        let structured = [("content-type", "application/cloudevents+json")]
        #expect(decode("{\"specversion\":\"1.0\"}", headers: structured) == .refused(.dataInvalid, field: ""))
        #expect(decode("5", headers: structured) == .refused(.envelopeInvalid, field: ""))
        #expect(
            decode("{\"tenant\":\"other\",\"data\":\(Self.plain)}", headers: structured)
                == .refused(.tenantDisagrees, field: "ce_tenant")
        )
        #expect(
            decode(#"{"revision":1,"displayName":"\#(String(repeating: "a", count: 263_000))"}"#)
                == .refused(.recordTooLarge, field: "")
        )
    }

    @Test("contact data are not in a description")
    func redaction() throws {
        let record = try record(decode(Self.plain))
        #expect(!"\(record)\(String(reflecting: record))".contains("alice"))
        #expect(!"\(record)\(String(reflecting: record))".contains("4179"))
    }
}
