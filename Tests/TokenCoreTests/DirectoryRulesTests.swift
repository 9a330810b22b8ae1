import TestSupport
import Testing

@testable import TokenCore

@Suite("Directory rules")
struct DirectoryRulesTests {
    var world = EnrollmentWorld()

    @Test("replaces the whole entry and names the contacts that changed")
    func replaces() {
        var record = world.record()
        let effect = record.update(.init(phone: "+41790000002", displayName: "Alice", revision: 2))
        #expect(record.contact == DirectoryEntry(phone: "+41790000002", displayName: "Alice", revision: 2))
        #expect(effect.changed == [.phone, .email])
        #expect(effect.rejected.isEmpty)
        #expect(record.update(.init(phone: "+41790000002", displayName: "A.", revision: 2)).changed.isEmpty)
        #expect(record.contact?.displayName == "A.")
    }

    @Test("ignores a lower revision, until a tombstone forgets it")
    func revisions() {
        var record = world.record()
        record.contact?.revision = 5
        let before = record
        #expect(record.update(.init(revision: 4)).isStale)
        #expect(record == before)
        _ = record.removeContact()
        #expect(record.contact == nil)
        #expect(!record.update(.init(phone: "+41790000003", revision: 1)).isStale)
        #expect(record.contact?.revision == 1)
    }

    @Test("keeps the old value of a field whose new one is invalid; the rest of the record holds")
    func invalid() {
        var record = world.record()
        let id = world.put("virtual", into: &record)
        var update = DirectoryUpdateRequest(
            phone: "+41790000002",
            email: "nobody",
            locale: "d e",
            displayName: "a\r\nb",
            revision: 2
        )
        let effect = record.update(update)
        #expect(effect.rejected == [.email, .locale, .displayName])
        #expect(effect.changed == [.phone])
        #expect(record.contact?.email == "alice@work.example")
        #expect(record.contact?.phone == "+41790000002")
        #expect(record.contact?.locale == "de")
        #expect(record[id]?.status == .active)

        update = DirectoryUpdateRequest(email: "b@example.org", revision: 3, unreadable: [.phone])
        #expect(record.update(update).rejected == [.phone])
        #expect(record.contact?.phone == "+41790000002")
        #expect(record.contact?.email == "b@example.org")
    }

    @Test("voids the open challenges of virtual tokens, and of no other")
    func voids() {
        var record = world.record()
        let virtual = world.challenge(world.put("virtual", into: &record), in: &record)
        let sms = world.challenge(world.put("sms", into: &record), in: &record)
        _ = record.update(.init(phone: "+41790000001", email: "alice@work.example", locale: "fr", revision: 2))
        #expect(record[virtual]?.state == .open, "a locale is no contact")
        _ = record.update(.init(phone: "+41790000001", email: "alice@new.example", revision: 3))
        #expect(record[virtual]?.state == .void)
        #expect(record[sms]?.state == .open)
    }

    @Test("makes virtual tokens OBSOLETE whose contact is gone, whatever they were")
    func contactRemoved() {
        var record = world.record()
        let email = world.put("virtual", .disabled, into: &record)
        let sms = world.put("virtual", into: &record) { $0.device = Token.Device(channel: .sms) }
        let effect = record.update(.init(phone: "+41790000001", revision: 2))
        #expect(effect.obsoleted.map(\.id) == [email])
        #expect(record[email]?.status == .obsolete)
        #expect(record[email]?.statusReason == "contact_removed")
        #expect(record[email]?.version == 2)
        #expect(record[sms]?.status == .active)
        #expect(record.update(.init(phone: "+41790000001", revision: 3)).obsoleted.isEmpty)
    }

    @Test("at a tombstone voids all open challenges and keeps the other tokens")
    func tombstone() {
        var record = world.record()
        let virtual = world.put("virtual", into: &record)
        let sms = world.put("sms", into: &record)
        let challenges = [virtual, sms].map { world.challenge($0, in: &record) }
        let effect = record.removeContact()
        #expect(effect.obsoleted.map(\.id) == [virtual])
        #expect(effect.changed == [.phone, .email])
        #expect(record[sms]?.status == .active)
        #expect(challenges.allSatisfy { record[$0]?.state == .void })
        #expect(record.removeContact() == DirectoryEffect())
    }
}
