import Testing

@testable import Messaging

@Suite("Turns")
struct FairTurnsTests {
    /// Lanes by name, each with the costs of what stands in it.
    private struct Lanes {
        var turns = FairTurns<String>(share: 4)
        var waiting: [String: [Int]]

        init(_ waiting: KeyValuePairs<String, [Int]>) {
            self.waiting = Dictionary(uniqueKeysWithValues: waiting.map { ($0, $1) })
            for (name, _) in waiting { turns.add(name) }
        }

        /// Whose items were taken, in order.
        mutating func take(_ count: Int) -> String {
            var taken = ""
            turns.serve(until: { taken.count >= count }) { lane in
                guard let cost = waiting[lane]?.first else { return nil }
                waiting[lane]?.removeFirst()
                taken += lane
                return cost
            }
            return taken
        }
    }

    private func ones(_ count: Int) -> [Int] { Array(repeating: 1, count: count) }

    @Test("a lane with one item waits for no more than a share of each of the others")
    func fewAmongMany() {
        var lanes = Lanes(["a": ones(1_000), "b": ones(1_000), "c": ones(1)])
        #expect(lanes.take(16) == "aaaabbbbcaaaabbb")
        lanes.waiting["c"] = ones(1)
        #expect(lanes.take(8) == "bcaaaabb", "the turn that was cut short goes on")
    }

    @Test("one lane alone gets everything, and gains no debt or credit by it")
    func alone() {
        var lanes = Lanes(["a": ones(40), "b": []])
        #expect(lanes.take(30) == String(repeating: "a", count: 30))
        lanes.waiting["b"] = ones(100)
        let taken = lanes.take(20)
        #expect(taken.count { $0 == "a" } == 10 && taken.count { $0 == "b" } == 10)
        #expect(lanes.take(200).count == 90)
        #expect(lanes.take(1).isEmpty)
    }

    @Test("who takes a large item goes without, until the others have had as much")
    func largeItems() {
        var lanes = Lanes(["a": Array(repeating: 40, count: 10), "b": ones(100)])
        let taken = lanes.take(45)
        #expect(taken.hasPrefix("abbbbbbbb") && taken.count { $0 == "a" } == 2)
        // With nobody else there it does not wait.
        lanes.waiting["b"] = []
        #expect(lanes.take(5) == "aaaaa")
    }

    @Test("lanes come and go in the middle of a round", arguments: ["a", "b", "c"])
    func changes(_ gone: String) {
        var lanes = Lanes(["a": ones(100), "b": ones(100), "c": ones(100)])
        _ = lanes.take(6)
        lanes.turns.remove { $0 == gone }
        lanes.turns.add("d")
        lanes.waiting["d"] = ones(100)
        let counts = Dictionary(grouping: lanes.take(48)) { $0 }.mapValues(\.count)
        #expect(counts[Character(gone)] == nil && counts.count == 3)
        #expect(counts.values.allSatisfy { (12...20).contains($0) })
        lanes.turns.remove { _ in true }
        #expect(lanes.take(1).isEmpty)
    }
}
