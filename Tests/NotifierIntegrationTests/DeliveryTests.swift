import Contract
import Foundation
import Messaging
import Postgres
import ReceiverSupport
import TestSupport
import Testing
import TokenCore
import TokenCrypto
import TokenStore

@testable import Notifier

@Suite("Notifications, from the topic to the receiver", .timeLimit(.minutes(3)))
struct DeliveryTests {
    @Test("each message ends as the contract says, and its event says so without contact or OTP")
    func ends() async throws {
        try await DeliveryWorld.run { world in
            let (current, superseded, used) = (ChallengeID.random(), ChallengeID.random(), ChallengeID.random())
            let mail = Note(channel: "email", to: "alice@example.org", challenge: current)
            let old = Note(challenge: superseded)
            let spent = Note(challenge: used)
            let expected: [(note: Note, end: String)] = [
                (Note(), "sent"),
                (mail, "sent"),
                (Note(template: "notice.disabled", seconds: nil), "sent"),
                (Note(challenge: .random()), "dropped void"),
                (old, "dropped void"),
                (spent, "dropped void"),
                (Note(seconds: -1), "dropped expired"),
                (Note(to: "079 123 45 67"), "failed invalid_destination"),
                (Note(to: "alice@example.org"), "failed invalid_destination"),
                (Note(channel: "email", to: "a@b.c>\r\nRCPT TO:<d@e.f"), "failed invalid_destination"),
            ]
            try world.addChallenge(current, notification: mail.id)
            // A resend: the challenge is open, but another message carries its value.
            try world.addChallenge(superseded, notification: Note().id)
            try world.addChallenge(used, notification: spent.id, state: 1)
            try world.write(expected.map(\.note))
            let notifier = try world.startNotifier()
            let events = try await world.events(atLeast: expected.count)
            try await notifier.stop()

            #expect(events.count == expected.count)
            for (note, end) in expected {
                let event = try #require(events.first { $0.text("notificationId") == note.id.description })
                #expect(event.summary == end)
                #expect(event.header(.id) == "\(note.id).e1")
                #expect(event.header(.subject) == "default/alice")
                #expect(event.header(.causationID) == "command-1" && event.header(.correlationID) == "flow-1")
                #expect(event.text("challengeId") == note.challenge?.description)
                #expect(event.text("tokenId") == Note.token && event.text("channel") == note.channel)
                let text = String(decoding: event.value, as: UTF8.self)
                #expect(!text.contains(note.otp) && !text.contains(note.to))
            }
            let received = try await world.receiver.messages()
            #expect(received.count == 3)
            #expect(received.filter { $0.text.contains("31415926") }.count == 2)
            #expect(try world.delivery(old.id)?.code == "void")
            #expect(try world.delivery(mail.id)?.state == 1)
            #expect(try world.committed() == Int64(expected.count))
            #expect(notifier.metrics.contains("usertokens_notifications_total{channel=\"sms\",outcome=\"dropped\"} 4"))
        }
    }

    @Test("what can't be read is a dead letter, byte for byte, and holds nothing up")
    func deadLetters() async throws {
        try await DeliveryWorld.run { world in
            let good = Note()
            let envelopes = SealedEnvelopes(keys: world.keys, requiresSealing: false)
            var noJSON = Note().message(to: world.topics, envelopes)
            noJSON.value = Array("no JSON 31415926".utf8)
            // The seal of one user under the key of another.
            var foreign = Note(user: "alice").message(to: world.topics, envelopes)
            foreign.key = Array("default/mallory".utf8)
            let noTemplate = Note(template: "nothing").message(to: world.topics, envelopes)
            let bad = [noJSON, foreign, noTemplate]
            try world.write(raw: bad + [good.message(to: world.topics, envelopes)])
            try world.startNotifier()
            #expect(try await world.events(atLeast: 1).map(\.summary) == ["sent"])

            let dead = try await world.records(of: world.topics.dlq(of: world.topics.notifications), atLeast: 3)
            #expect(dead.count == 3)
            for (letter, record) in zip(dead, bad) {
                #expect(letter.key == record.key)
                #expect(letter.headers.starts(with: record.headers))
                let sealed = try JWE.open(letter.value ?? []) { world.keys.key(.dlq, kid: $0) }
                #expect(sealed.withBytes { [UInt8]($0) } == record.value)
            }
            let reasons = dead.map { letter in
                letter.headers.first { $0.name == "dlq_reason" }.map { String(decoding: $0.value ?? [], as: UTF8.self) }
            }
            #expect(reasons == ["json_invalid", "sealed_unreadable", "cannot_render"])
        }
    }

    @Test("written twice and read again by another group, a message is sent once and told by one event")
    func once() async throws {
        try await DeliveryWorld.run { world in
            let notes = (0..<40).map { Note(user: "user\($0)", to: "+4179000\(1000 + $0)") }
            try world.write(notes + notes.shuffled())
            let first = try world.startNotifier()
            // While the first is sending: every lane has two owners.
            let second = try world.startNotifier(group: "other")
            try await world.wait("every end") { try notes.allSatisfy { try world.delivery($0.id)?.state == 1 } }
            try await first.stop()
            try await second.stop()
            let told = try await world.events(atLeast: 40).count
            try world.startNotifier(group: "third")
            let events = try await world.events(atLeast: told + 40)
            let received = try await world.receiver.messages()
            #expect(received.count == 40 && Set(received.map(\.id)).count == 40)
            #expect(Set(events.map { $0.header(.id) }).count == 40)
            for copies in Dictionary(grouping: events, by: { $0.header(.id) }).values {
                #expect(copies.allSatisfy { $0 == copies[0] })
            }
        }
    }

    @Test("a relay's 550 is final, its 451 is tried again inside the deadline")
    func refusals() async throws {
        try await DeliveryWorld.run { world in
            try world.startNotifier()
            let mail = { Note(channel: "email", to: "alice@example.org") }
            for (fault, end) in [("550", "failed rejected_by_provider"), ("451", "sent")] {
                try await world.receiver.setFaults(#"{"smtp": "\#(fault)", "times": 1}"#)
                let note = mail()
                try world.write([note])
                try await world.wait("the end") { try world.delivery(note.id).map { $0.state != 0 } ?? false }
                let events = try await world.events(atLeast: fault == "550" ? 1 : 2)
                #expect(events.last?.summary == end)
            }
            // A relay that says 451 to the end: nothing is tried past the deadline.
            try await world.receiver.setFaults(#"{"smtp": "451"}"#)
            var late = mail()
            late.seconds = 2
            try world.write([late])
            #expect(try await world.events(atLeast: 3).last?.summary == "failed unavailable")
            #expect(try await world.receiver.messages().count == 1)
        }
    }

    @Test("the offset stays before a message that is not finished, though later ones are; a restart sends it alone")
    func offsets() async throws {
        try await DeliveryWorld.run { world in
            try await world.receiver.setFaults(#"{"http": 503}"#)
            let mail = { Note(channel: "email", to: "alice@example.org") }
            let sms = Note()
            try world.write([mail(), sms, mail(), mail()])
            let first = try world.startNotifier()
            #expect(try await world.events(atLeast: 3).map(\.summary) == ["sent", "sent", "sent"])
            try await first.stop()
            #expect(try world.committed() == 1)
            try await world.receiver.setFaults(#"{"http": null}"#)
            try world.startNotifier()
            let events = try await world.events(atLeast: 6)
            #expect(events.filter { $0.text("notificationId") == sms.id.description }.map(\.summary) == ["sent"])
            #expect(try await world.receiver.messages().map(\.channel).sorted() == ["email", "email", "email", "sms"])
        }
    }

    @Test("another's claim is respected until its lease ends; its end is told and nothing sent")
    func claims() async throws {
        try await DeliveryWorld.run { world in
            let (finished, dead, alive) = (Note(user: "a"), Note(user: "b"), Note(user: "c"))
            for (note, state, age) in [(finished, 1, 0), (dead, 0, 16), (alive, 0, -10)] {
                try world.database.execute(
                    """
                    INSERT INTO delivery VALUES (
                        '\(note.id)', 'default', \(state), NULL, now() - interval '\(age) seconds',
                        gen_random_uuid(), CASE \(state) WHEN 1 THEN now() END
                    )
                    """
                )
            }
            try world.write([finished, dead, alive])
            try world.startNotifier()
            let events = try await world.events(atLeast: 2)
            let told = Set(events.compactMap { $0.text("notificationId") })
            #expect(told == [finished.id.description, dead.id.description])
            #expect(try await world.receiver.messages().map(\.id) == [dead.id.description])
            // The living one ends its delivery: that is told, too.
            try world.database.execute(
                "UPDATE delivery SET state = 3, code = 'unavailable', finished_at = now() WHERE state = 0"
            )
            #expect(try await world.events(atLeast: 3).last?.summary == "failed unavailable")
            #expect(try await world.receiver.messages().count == 1)
        }
    }
}

extension ChallengeID {
    static func random() -> ChallengeID {
        ChallengeID(UUIDValue(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)))
    }
}
