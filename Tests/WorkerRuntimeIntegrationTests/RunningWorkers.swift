import Contract
import Messaging
import TestSupport
import Testing
import TokenStore

@testable import WorkerRuntime

/// Workers of one group, each on a thread of its own, in the loop that production runs.
final class RunningWorkers {
    let group: String
    private let world: LaneWorld
    private var running: [(worker: LaneWorker, stop: StopSignal, end: Meanwhile<Void>)] = []

    /// Waits until the group has given every partition to somebody, and all have some.
    init(_ world: LaneWorld, count: Int, batchSize: Int) throws {
        self.world = world
        group = world.broker.uniqueName("group")
        for _ in 0..<count {
            let stop = StopSignal()
            let worker = try world.stranger(batchSize: batchSize, group: group, stop: stop)
            running.append((worker, stop, Meanwhile { try worker.run() }))
        }
        let lanes = "lane WHERE epoch > 0"
        let all = Int64(world.partitions) * 3
        try world.wait("every lane has an owner") { try world.count(lanes) == all }
    }

    /// Waits until commands whose ids begin so are answered, each at least once.
    func waitForAnswers(_ prefix: String, count: Int) throws {
        let reader = try KafkaReader(world.kafka)
        defer { reader.close() }
        let all = (0..<world.partitions).map { TopicPartition(topic: world.topics.replies, partition: $0) }
        try reader.read(all, from: .beginning, timeoutMilliseconds: 10_000)
        var answered: Set<String> = []
        try world.wait("\(count) answers") {
            for record in try reader.take(max: 1_000, waitMilliseconds: 100) {
                if let cause = record.text(.causationID), cause.hasPrefix(prefix) { answered.insert(cause) }
            }
            return answered.count == count
        }
    }

    /// Ends all, each of which must have had some lanes.
    func stop() throws {
        for (_, stop, _) in running { stop.request() }
        for (worker, _, end) in running {
            try end.value()
            #expect(!worker.lanes.isEmpty)
        }
    }
}
