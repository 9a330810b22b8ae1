import Contract
import Foundation
import Messaging
import Testing
import TokenCore
import TokenStore

@testable import WorkerRuntime

/// Stages of the loop, one at a time, with a worker that stands still in between.
extension LaneWorker {
    var enrollment: TopicPartition { TopicPartition(topic: parts.topics.commandsEnrollment, partition: 0) }

    /// Takes records until there are so many: a worker that stands still after its poll.
    func take(_ count: Int) throws -> [Arrival] {
        let deadline = ContinuousClock.now + .seconds(20)
        var records: [KafkaRecord] = []
        while records.count < count {
            guard ContinuousClock.now < deadline else { throw LaneWorld.TimedOut(what: "\(count) records") }
            records += try consumer.take(max: count - records.count, waitMilliseconds: 100)
            try noteRebalances()
        }
        return try records.compactMap { record in
            try lanes[record.topicPartition].map { try intake.arrival(record, lane: $0.id) }
        }
    }

    /// Steps 1-6: the lanes are locked, nothing is decided.
    func load(_ arrivals: [Arrival]) throws -> LoadedBatch {
        var epochs: [LaneID: Int64] = [:]
        for lane in lanes.values { epochs[lane.id] = lane.epoch }
        return try runner.load(arrivals, epochs: epochs)
    }

    /// Steps 7-11 after `load`: committed, nothing is sent.
    func commit(_ arrivals: [Arrival], _ loaded: LoadedBatch) throws -> CommittedBatch {
        var acknowledged: [LaneID: Int64] = [:]
        for lane in lanes.values { acknowledged[lane.id] = lane.acknowledged }
        return try runner.commit(try runner.decide(arrivals, loaded), acknowledged: acknowledged)
    }

    /// Steps 1-11.
    func commit(_ arrivals: [Arrival]) throws -> CommittedBatch {
        try commit(arrivals, try load(arrivals))
    }

    /// Sends messages and waits for their acknowledgements; the lane hears nothing of it.
    func send(_ messages: some Collection<WireMessage>) throws {
        #expect(try outbox.settle(outbox.ship(Array(messages))))
    }

    /// Turns until the enrollment topic's first lane has come to an offset, and settles.
    func work(to offset: Int64) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        repeat {
            guard ContinuousClock.now < deadline else { throw LaneWorld.TimedOut(what: "offset \(offset)") }
            try turn()
            try settle()
        } while lanes[enrollment].map { $0.resumeAt < offset } ?? true
    }

    /// What is below the offset has vanished from the log, for this worker.
    func find(nothingBelow offset: Int64) throws {
        try consumer.seek(enrollment, to: offset)
        lanes[enrollment]?.resumeAt = offset
        lanes[enrollment]?.probe = nil
    }

    /// `kill -9`: what is open rolls back, what is not acknowledged is not sent any more.
    func die() {
        outbox.purge()
        store.close()
    }
}

/// Work on a thread of its own that may have to wait for what the test does next.
final class Meanwhile<Value>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: Result<Value, any Error>?

    init(_ body: @escaping () throws -> Value) {
        nonisolated(unsafe) let body = body
        let thread = Thread { [self] in
            let result = Result { try body() }
            condition.withLock {
                self.result = result
                condition.broadcast()
            }
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    var isDone: Bool { condition.withLock { result != nil } }

    /// Waits for the end, so many seconds at the most.
    func value(within seconds: TimeInterval = 60) throws -> Value {
        let deadline = Date(timeIntervalSinceNow: seconds)
        return try condition.withLock {
            while true {
                if let result { return try result.get() }
                guard condition.wait(until: deadline) else {
                    throw LaneWorld.TimedOut(what: "the other thread")
                }
            }
        }
    }
}
