import TestSupport
import Testing

@testable import TokenCore

@Suite("Listing")
struct TokenListingTests {
    var world = EnrollmentWorld()

    func list(
        _ record: UserRecord,
        _ filter: TokenListing.Filter = .init(),
        limit: Int = 500,
        after last: TokenID? = nil
    ) -> (page: [Token], next: TokenID?) {
        let catalogue = world.context.catalogue
        return TokenListing.page(record.tokens, filter, limit: limit, after: last, in: catalogue, at: world.now)
    }

    @Test("pages through all tokens once, in the order of ids", arguments: [1, 2, 3, 7, 10, 11])
    func pages(limit: Int) {
        var record = world.record()
        for index in 0..<10 { _ = world.put(index % 2 == 0 ? "sms" : "totp", into: &record) }
        record.tokens.shuffle()
        var seen: [TokenID] = []
        var last: TokenID?
        var pages = 0
        repeat {
            let (page, next) = list(record, limit: limit, after: last)
            #expect(page.count <= limit)
            seen += page.map(\.id)
            last = next
            pages += 1
        } while last != nil && pages < 20
        #expect(seen == record.tokens.map(\.id).sorted())
        #expect(pages == (10 + limit - 1) / limit)
    }

    @Test("filters by status at the instant, type, serial prefix and end")
    func filters() {
        var record = world.record()
        let active = world.put("sms", into: &record)
        let over = world.put("sms", into: &record) { $0.times.expiresAt = world.now }
        let soon = world.put("totp", .disabled, into: &record) { $0.times.expiresAt = world.now.adding(seconds: 9) }
        let device = world.put("hotp-hardware", into: &record) { $0.device.serial = "FT-001" }
        _ = world.put("sms", .deleted, into: &record)

        #expect(list(record).page.map(\.id) == [active, over, soon, device].sorted())
        #expect(list(record, .init(status: .active)).page.map(\.id) == [active, device].sorted())
        #expect(list(record, .init(status: .obsolete)).page.map(\.id) == [over])
        #expect(list(record, .init(status: .deleted)).page.isEmpty)
        #expect(list(record, .init(tokenType: "totp")).page.map(\.id) == [soon])
        #expect(list(record, .init(serial: "FT-")).page.map(\.id) == [device])
        #expect(list(record, .init(serial: "ft-")).page.isEmpty)
        let end = world.now.adding(seconds: 9)
        #expect(list(record, .init(expiresBefore: end)).page.map(\.id) == [over])
        #expect(list(record, .init(tokenType: "sms", expiresBefore: .never)).page.map(\.id) == [over])
    }

    @Test("reads back its own cursors")
    func cursor() throws {
        var random = SeededRandom(seed: 3)
        for _ in 0..<100 {
            let id = TokenID(UUIDValue(high: random.next() >> 8, low: random.next() >> UInt64.random(in: 0...63)))
            let cursor = ListCursor(after: id)
            #expect(try ListCursor(cursor.text) == cursor)
            #expect(cursor.text.utf8.count == 33)
        }
    }

    @Test(
        "refuses every other text as a cursor",
        arguments: [
            "", "p", "p0", "P" + String(repeating: "0", count: 32), "p" + String(repeating: "0", count: 33),
            "p" + String(repeating: "A", count: 32), "p+" + String(repeating: "0", count: 31),
            "p" + String(repeating: "0", count: 16) + "-" + String(repeating: "0", count: 15),
            "0193fa00-0000-7000-8000-000000000000", "p" + String(repeating: "٣", count: 16),
            "q" + String(repeating: "0", count: 32),
        ]
    )
    func badCursor(text: String) {
        #expect(throws: Rejection(.invalidCursor)) { try ListCursor(text) }
    }
}
