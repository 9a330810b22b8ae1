import ReceiverSupport
import Synchronization
import Testing

@testable import Notifier

@Suite("SMPP receipts", .timeLimit(.minutes(1)))
struct SMPPReceiptTests {
    @Test(
        "a receipt is told with the id that the message was taken by",
        arguments: [
            ("DELIVRD", .delivered), ("UNDELIV", .failed), ("DELIVRD-text", .delivered), ("REJECTD-text", .failed),
            ("EXPIRED", .failed),
        ] as [(String, ProviderReceipt.State)]
    )
    func told(receipts: String, state: ProviderReceipt.State) async throws {
        let world = try SMPPWorld()
        try await world.receiver.setFaults("{\"receipts\": \"\(receipts)\"}")
        let (told, teller) = AsyncStream<ProviderReceipt>.makeStream()
        world.provider.start { receipt in
            teller.yield(receipt)
            return true
        }
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        var iterator = told.makeAsyncIterator()
        let receipt = await iterator.next()
        #expect(receipt == ProviderReceipt(provider: "operator", messageID: "smpp-1", state: state))
        try await world.wait { $0.smppReceiptsTaken == 1 }
    }

    @Test("each part of a long message has its receipt")
    func parts() async throws {
        let world = try SMPPWorld()
        let (told, teller) = AsyncStream<String>.makeStream()
        world.provider.start { receipt in
            teller.yield(receipt.messageID)
            return true
        }
        #expect(
            await world.deliver(String(repeating: "a", count: 200)) == .sent(providerMessageIDs: ["smpp-1", "smpp-2"])
        )
        var iterator = told.makeAsyncIterator()
        let ids = [await iterator.next(), await iterator.next()]
        #expect(Set(ids) == ["smpp-1", "smpp-2"])
    }

    @Test("a receipt that could not be recorded is told again")
    func again() async throws {
        let world = try SMPPWorld()
        let count = Mutex(0)
        world.provider.start { _ in
            count.withLock { count in
                count += 1
                return count > 2
            }
        }
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.wait { $0.smppReceiptsTaken == 1 }
        #expect(try await world.receiver.state().smppReceiptsRefused == 2 && count.withLock { $0 } == 3)
    }

    @Test("a state that is not the last is taken and told to nobody")
    func notFinal() async throws {
        let world = try SMPPWorld()
        try await world.receiver.setFaults(#"{"receipts": "ENROUTE"}"#)
        let count = Mutex(0)
        world.provider.start { _ in
            count.withLock { $0 += 1 }
            return true
        }
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.wait { $0.smppReceiptsTaken == 1 }
        #expect(count.withLock { $0 } == 0)
    }

    @Test("receipts that came while nobody was there come with the next bind")
    func later() async throws {
        let world = try SMPPWorld()
        // Not started: nobody to take receipts, so that the SMSC keeps them.
        #expect(await world.deliver() == .sent(providerMessageIDs: ["smpp-1"]))
        try await world.wait { $0.smppReceiptsRefused > 0 }
        await world.provider.shutdown()
        let next = try SMPPWorld(receiver: world.receiver)
        let (told, teller) = AsyncStream<String>.makeStream()
        next.provider.start { receipt in
            teller.yield(receipt.messageID)
            return true
        }
        var iterator = told.makeAsyncIterator()
        #expect(await iterator.next() == "smpp-1")
    }
}
