import Postgres
import TestSupport
import Testing
import TokenCore
import TokenStore
import WorkerRuntime

@Suite("Receipts in the store", .timeLimit(.minutes(2)))
struct ReceiptLedgerTests {
    private let id = NotificationID(UUIDValue(high: 7, low: .random(in: 0 ... .max)))

    private func withLedger(_ body: (DeliveryLedger, _ url: String) throws -> Void) throws {
        try PrivatePostgres.shared().withDatabase(DeliveryWorld.template) { url in
            let claim = UUIDValue(high: 1, low: 1)
            let settings = StoreSettings(url: url, applicationName: "test")
            let ledger = try DeliveryLedger(settings, claim: claim, leaseSeconds: 15)
            defer { ledger.close() }
            try body(ledger, url)
        }
    }

    private func send(_ ledger: DeliveryLedger, ids: [String]) throws {
        let sent = SentMessage(provider: "gateway", messageIDs: ids, subject: Array("who".utf8))
        let inquiry = DeliveryInquiry(notification: id, tenant: "default", challenge: nil)
        _ = try ledger.exchange([], claiming: [inquiry])
        let end = DeliveryEnd(notification: id, tenant: "default", state: .sent, code: nil, sent: sent)
        #expect(try ledger.exchange([end], claiming: []).results[id]?.state == .sent)
    }

    private func receipt(_ messageID: String, _ isDelivered: Bool, of provider: String = "gateway") -> DeliveryReceipt {
        DeliveryReceipt(provider: provider, messageID: messageID, isDelivered: isDelivered)
    }

    @Test("a receipt finds its notification, once; told again it finds the same end")
    func once() throws {
        try withLedger { ledger, _ in
            try send(ledger, ids: ["m1"])
            let first = try #require(try ledger.apply([receipt("m1", true)])[0])
            #expect(first.notification == id && first.end?.state == .delivered && first.end?.code == nil)
            #expect(first.subject == Array("who".utf8))
            #expect(try ledger.apply([receipt("m1", true)]) == [first])
            #expect(try ledger.apply([receipt("m1", false)]) == [first], "delivered is the end")
        }
    }

    @Test("nobody's id, and another provider's, find nothing")
    func unknown() throws {
        try withLedger { ledger, _ in
            try send(ledger, ids: ["m1"])
            #expect(try ledger.apply([receipt("m2", true), receipt("m1", true, of: "other")]) == [nil, nil])
        }
    }

    @Test("a message of parts is delivered with its last part, and failed with the first that fails")
    func parts() throws {
        try withLedger { ledger, _ in
            try send(ledger, ids: ["m1", "m2"])
            let half = try #require(try ledger.apply([receipt("m2", true)])[0])
            #expect(half.end == nil)
            #expect(try ledger.apply([receipt("m1", true)])[0]?.end?.state == .delivered)
        }
        try withLedger { ledger, _ in
            try send(ledger, ids: ["m1", "m2"])
            let failed = try #require(try ledger.apply([receipt("m2", false)])[0]?.end)
            #expect(failed.state == .failed && failed.code == "rejected_by_provider")
            #expect(try ledger.apply([receipt("m1", true)])[0]?.end == failed)
        }
    }

    @Test("what is told of the sending stays the same after a receipt")
    func firstEnd() throws {
        try withLedger { ledger, _ in
            try send(ledger, ids: ["m1"])
            let inquiry = DeliveryInquiry(notification: id, tenant: "default", challenge: nil)
            let before = try ledger.exchange([], claiming: [inquiry]).standings[id]?.claim
            _ = try ledger.apply([receipt("m1", false)])
            let after = try ledger.exchange([], claiming: [inquiry]).standings[id]?.claim
            guard case .finished(let result)? = after else { Issue.record("not finished"); return }
            #expect(result.state == .sent && result.code == nil && before == after)
        }
    }

    @Test("two parts told at once by two notifiers: exactly one of them ends the message")
    func race() async throws {
        try await PrivatePostgres.shared().withDatabase(DeliveryWorld.template) { url in
            let rounds = 50
            let settings = StoreSettings(url: url, applicationName: "test")
            let ledger = try DeliveryLedger(settings, claim: UUIDValue(high: 1, low: 1), leaseSeconds: 15)
            defer { ledger.close() }
            let ends = (0..<rounds).map { round in
                DeliveryEnd(
                    notification: NotificationID(UUIDValue(high: 9, low: UInt64(round))),
                    tenant: "default",
                    state: .sent,
                    code: nil,
                    sent: SentMessage(provider: "gateway", messageIDs: ["a\(round)", "b\(round)"], subject: [])
                )
            }
            _ = try ledger.exchange(ends, claiming: [])
            async let first = tell("a", rounds, settings)
            async let second = tell("b", rounds, settings)
            for (one, other) in zip(try await first, try await second) {
                #expect([one, other].compactMap { $0 }.contains(.delivered))
            }
        }
    }

    /// Tells one part of each message, on a thread and a connection of its own; how each message then stood.
    private func tell(_ part: String, _ rounds: Int, _ settings: StoreSettings) async throws -> [DeliveryState?] {
        try await DedicatedThread.run("part \(part)") {
            let ledger = try DeliveryLedger(settings, claim: UUIDValue(high: 2, low: 2), leaseSeconds: 15)
            defer { ledger.close() }
            return try (0..<rounds).map { try ledger.apply([receipt("\(part)\($0)", true)])[0]?.end?.state }
        }
    }
}
