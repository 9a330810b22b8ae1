import Contract
import Messaging
import WorkerRuntime

/// How to reach the broker, and the topics there.
struct BrokerSettings {
    let kafka: KafkaSettings
    let topics: Topics

    /// How long the broker is waited for before it counts as away.
    static let patienceMilliseconds = 10_000

    /// Writes one message and waits until the broker has it.
    func write(_ message: OutgoingMessage) throws {
        let producer = try KafkaProducer(kafka)
        defer { producer.close() }
        try write(message, with: producer)
    }

    /// Writes one message and waits until the broker has it.
    func write(_ message: OutgoingMessage, with producer: KafkaProducer) throws {
        let batch = try producer.produce([message])
        switch producer.wait(for: batch, timeoutMilliseconds: Self.patienceMilliseconds) {
        case .acknowledged: return
        case .pending: throw ProcessExit(ProcessExit.temporaryFailure, "broker away: the record is not acknowledged")
        case .failed(let failures):
            guard let error = failures.first?.error else { return }
            throw error
        }
    }
}
