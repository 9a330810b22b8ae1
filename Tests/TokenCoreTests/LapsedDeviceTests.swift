import TestSupport
import Testing

@testable import TokenCore

@Suite("Devices that nobody activated")
struct LapsedDeviceTests {
    let world = EnrollmentWorld()
    private let stock = UserKey.stock(of: "acme")

    /// Alice's device, PENDING until now, and her app, PENDING for as long.
    private func state(_ change: (inout Token) -> Void = { _ in }) -> (state: WorkingSet, device: TokenID) {
        var record = world.record()
        let device = world.put("totp-hardware", .pending, into: &record) { token in
            token.times.activateBefore = world.now
            token.device.endOfLife = world.now.adding(seconds: 1_000)
            token.times.expiresAt = world.now.adding(seconds: 500)
            token.description = "Alice's"
            token.oath?.movingFactor = 7
            token.lockout.failures = 2
            change(&token)
        }
        _ = world.put("totp", .pending, into: &record) { $0.times.activateBefore = world.now }
        return (WorkingSet(users: [record.key: record]), device)
    }

    @Test("go back into the stock with their counter, and nothing of the user's")
    func returned() throws {
        var (state, id) = state()
        let seen = state[EnrollmentWorld.alice][id]?.effectiveStatus(in: world.context.catalogue, at: world.now)
        let changes = state.expire(EnrollmentWorld.alice, at: world.now, catalogue: world.context.catalogue)
        #expect(changes.returned.map(\.id) == [id])
        #expect(changes.obsoleted.map(\.reason) == [.notActivated], "the app is OBSOLETE")
        #expect(state[EnrollmentWorld.alice][id] == nil)
        let device = try #require(state[stock][id])
        #expect(device == changes.returned.first)
        #expect(device.status == seen)
        #expect(device.status == .unassigned)
        #expect(device.statusReason == "not_activated")
        #expect(device.userID == nil)
        #expect(device.description == nil)
        #expect(device.oath?.movingFactor == 7)
        #expect(device.lockout == Lockout())
        #expect(device.times.expiresAt == device.device.endOfLife)
        #expect(device.version == 2)
        let again = state.expire(EnrollmentWorld.alice, at: world.now, catalogue: world.context.catalogue)
        #expect(again == ExpiryChanges())
        #expect(state.expire(stock, at: world.now, catalogue: world.context.catalogue) == ExpiryChanges())
    }

    @Test("stay where they are until their instant")
    func early() {
        var (state, id) = state()
        let now = world.now.adding(seconds: -1)
        #expect(
            state.expire(EnrollmentWorld.alice, at: now, catalogue: world.context.catalogue).returned.isEmpty
        )
        #expect(state[EnrollmentWorld.alice][id]?.status == .pending)
    }

    @Test("are OBSOLETE, not in the stock, where their end came or their type is retired")
    func obsolete() throws {
        var (ended, id) = state { $0.times.expiresAt = world.now }
        let changes = ended.expire(EnrollmentWorld.alice, at: world.now, catalogue: world.context.catalogue)
        #expect(changes.returned.isEmpty)
        #expect(changes.obsoleted.first?.reason == .expired)
        #expect(ended[EnrollmentWorld.alice][id]?.status == .obsolete)

        var catalogue = world.context.catalogue
        _ = try catalogue.retire("totp-hardware")
        var (retired, _) = state()
        let reasons = retired.expire(EnrollmentWorld.alice, at: world.now, catalogue: catalogue).obsoleted.map(\.reason)
        #expect(reasons == [.typeRetired, .notActivated])
        #expect(retired.users[stock] == nil)
    }

    @Test("are on no list of the user's from their instant on")
    func list() {
        let (state, id) = state()
        for (offset, isThere) in [(Int64(-1), true), (0, false)] {
            let (page, _) = TokenListing.page(
                state[EnrollmentWorld.alice].tokens,
                TokenListing.Filter(),
                limit: 10,
                after: nil,
                in: world.context.catalogue,
                at: world.now.adding(seconds: offset)
            )
            #expect(page.contains { $0.id == id } == isThere)
            #expect(page.count == (isThere ? 2 : 1))
        }
    }

    @Test("in the stock end without a notice, and are looked at next at their end")
    func stockEnds() throws {
        var record = UserRecord(key: stock)
        let id = world.put("totp-hardware", .unassigned, into: &record) { token in
            token.userID = nil
            token.times.expiresAt = world.now.adding(seconds: 86_400)
        }
        var state = WorkingSet(users: [stock: record])
        let catalogue = world.context.catalogue
        #expect(state.expire(stock, at: world.now, catalogue: catalogue) == ExpiryChanges())
        let token = try #require(state[stock][id])
        #expect(token.nextScan(after: world.now, policy: TypePolicy()) == token.times.expiresAt)
        let end = world.now.adding(seconds: 86_400)
        #expect(token.nextScan(after: end, policy: TypePolicy()) == nil)
        #expect(state.expire(stock, at: end, catalogue: catalogue).obsoleted.map(\.reason) == [.expired])
        #expect(state[stock][id]?.status == .obsolete)
    }
}
