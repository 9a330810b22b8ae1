package import Contract
import Glibc
package import Logging
package import Messaging
import Telemetry
import TokenCore
package import TokenStore

/// Sends committed messages, in order, until all are acknowledged.
///
/// A message that fails while a later one succeeds would turn answers round: after an error everything from the first
/// unacknowledged message on is sent again, in order. One that can never be written becomes a dead letter; a dead
/// letter that can never be written, as it is too large, goes without what it is about.
package final class Outbox {
    /// Messages that were handed over and are not known to be written.
    package final class Shipment {
        fileprivate var messages: [WireMessage]
        fileprivate var batch: ProduceBatch
        fileprivate var hasFailed = false

        fileprivate init(_ messages: [WireMessage], _ batch: ProduceBatch) {
            self.messages = messages
            self.batch = batch
        }
    }

    private let producer: KafkaProducer
    private let topics: Topics
    private let envelopes: SealedEnvelopes
    private let service: String
    private let logger: Logger
    private let faults: FaultReporter
    private let shouldStop: () -> Bool
    private let deadLetters: String
    private static let sliceMilliseconds = 200
    /// How long acknowledgements may take before that is a fault to tell.
    private static let patience: Duration = .seconds(2)
    private static let undeliverable = "outcome_undeliverable"

    /// - Parameter deadLetters: where what can't be written to a reply topic goes; nil: to that of the notifications.
    package init(
        producer: KafkaProducer,
        topics: Topics,
        envelopes: SealedEnvelopes,
        service: String,
        logger: Logger,
        faults: FaultReporter,
        deadLetters: String? = nil,
        shouldStop: @escaping () -> Bool
    ) {
        self.deadLetters = deadLetters ?? topics.dlq(of: topics.notifications)
        self.producer = producer
        self.topics = topics
        self.envelopes = envelopes
        self.service = service
        self.logger = logger
        self.faults = faults
        self.shouldStop = shouldStop
    }

    /// Hands the messages over; returns at once.
    package func ship(_ messages: [WireMessage]) throws -> Shipment {
        Shipment(messages, try produce(messages))
    }

    /// Waits until all is acknowledged, sending again what failed.
    ///
    /// - Parameter patience: the longest wait once the worker is to stop; nil: for ever.
    /// - Returns: false where the worker has to stop first; then the next owner of the lane sends what is missing.
    package func settle(_ shipment: Shipment, patience: Duration = .seconds(5)) throws -> Bool {
        var deadline: ContinuousClock.Instant?
        let start = ContinuousClock.now
        var isFault = false
        while true {
            if try isSettled(shipment, waitMilliseconds: Self.sliceMilliseconds) {
                if isFault { faults.end() }
                return true
            }
            if !isFault, .now - start >= Self.patience {
                isFault = true
                faults.begin(BrokerSilent())
            }
            if shouldStop() {
                let end = deadline ?? .now + patience
                deadline = end
                if ContinuousClock.now >= end { return false }
            }
        }
    }

    /// Whether all is acknowledged, after at most one wait; what failed is sent again.
    package func isSettled(_ shipment: Shipment, waitMilliseconds: Int) throws -> Bool {
        switch producer.wait(for: shipment.batch, timeoutMilliseconds: waitMilliseconds) {
        case .acknowledged: return true
        case .pending: return false
        case .failed(let failures):
            try sendAgain(shipment, failures)
            return false
        }
    }

    /// Forgets everything that was handed over; a takeover sends it again.
    package func purge() {
        producer.purge()
    }

    private func produce(_ messages: [WireMessage]) throws -> ProduceBatch {
        // One after the other: librdkafka copies each, so none needs to be kept in this form.
        let outgoing = messages.lazy.map(OutgoingMessage.init)
        if producer.fatalError != nil { producer.purge() }
        do {
            return try producer.produce(outgoing)
        } catch let error where error.isFatal {
            // It came in between. Nothing else is under way: what went before is settled.
            producer.purge()
            return try producer.produce(outgoing)
        }
    }

    private func sendAgain(_ shipment: Shipment, _ failures: [(index: Int, error: KafkaError)]) throws {
        for (index, error) in failures where error.isPermanentForMessage {
            let message = shipment.messages[index]
            logger.error(
                "a message can never be written: it goes to the dead letters",
                metadata: [LogKey.topic: "\(message.topic)", LogKey.errorType: "\(error.name)"]
            )
            shipment.messages[index] = deadLetter(message)
        }
        guard let first = shipment.batch.firstUnacknowledged else { return }
        // What fails again and again would otherwise keep the loop spinning.
        if shipment.hasFailed { usleep(UInt32(Self.sliceMilliseconds) * 1_000) }
        shipment.hasFailed = true
        producer.purge()
        shipment.messages.removeFirst(first)
        shipment.batch = try produce(shipment.messages)
    }

    private func deadLetter(_ message: WireMessage) -> WireMessage {
        let suffix = topics.dlq(of: "")
        guard !message.topic.hasSuffix(suffix) else { return bare(message) }
        var letter = DeadLetter(
            topic: message.topic,
            partition: message.partition ?? -1,
            offset: -1,
            timestamp: Instant(microseconds: 0),
            reason: Self.undeliverable,
            service: service
        ).message(
            key: message.key,
            headers: message.headers,
            value: message.value,
            topics: topics,
            envelopes: envelopes
        )
        // Only what a service reads has dead letters of its own; a reply topic has none.
        if !topics.read.contains(message.topic) { letter.topic = deadLetters }
        return letter
    }

    /// What is left of a dead letter when it is too large: where it came from.
    private func bare(_ letter: WireMessage) -> WireMessage {
        WireMessage(
            topic: letter.topic,
            key: nil,
            headers: letter.headers.suffix(DeadLetter.headerCount),
            value: envelopes.seal(deadLetter: [])
        )
    }
}

extension OutgoingMessage {
    init(_ message: WireMessage) {
        self.init(
            topic: message.topic,
            partition: message.partition,
            key: message.key,
            value: message.value,
            headers: message.headers.map { KafkaHeader(name: $0.name, value: $0.value) }
        )
    }
}

/// The broker acknowledges nothing: it is away, or too slow to tell from that.
struct BrokerSilent: Error, CustomStringConvertible {
    var description: String { "messages are not acknowledged" }
}
