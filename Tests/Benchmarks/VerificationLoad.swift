import Contract
import Messaging
import TestSupport
import TokenCore
import TokenCrypto
import WorkerRuntime

/// Writes `otp.verify` commands with right values and waits for each reply.
final class VerificationLoad {
    struct Figures {
        var accepted = 0
        var refused = 0
        var seconds = 0.0
        /// Milliseconds from writing to reading, ascending.
        var latencies: [Double] = []

        var perSecond: Double { Double(accepted + refused) / seconds }

        func percentile(_ share: Double) -> Double {
            latencies.isEmpty ? 0 : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }
    }

    private let world: BenchmarkWorld
    private let population: Population
    private let producer: KafkaProducer
    private let reader: KafkaReader
    private var run = 0

    init(_ world: BenchmarkWorld, population: Population) throws {
        self.world = world
        self.population = population
        producer = try KafkaProducer(world.kafka)
        reader = try KafkaReader(world.kafka)
        let partitions = (0..<BenchmarkWorld.partitions).map {
            TopicPartition(topic: world.topics.replies, partition: $0)
        }
        try reader.read(partitions, from: .beginning, timeoutMilliseconds: 10_000)
    }

    func close() {
        reader.close()
        producer.close()
    }

    /// One command for each user; a round takes the HOTP counter or the TOTP step after the last one's.
    func commands(round: Int64) -> [OutgoingMessage] {
        run += 1
        let step = Instant.wallClock.seconds / 30 - 1 + round
        let hmac = HMACContext(algorithm: .sha1)
        return population.members.enumerated().map { index, member in
            Secret(member.seed).withBytes { hmac.setKey($0) }
            let factor = member.kind == .hotp ? round : step
            let value = String(hmac.truncated(counter: UInt64(factor)) % 1_000_000)
            let otp = String(repeating: "0", count: 6 - value.count) + value
            let data: JSONObject = ["otp": .string(otp), "purpose": "login", "tokenId": .string("\(member.token)")]
            let headers: [(Header, String)] = [
                (.specVersion, "1.0"), (.id, "\(run)-\(index)"), (.source, "/benchmark"),
                (.type, CommandType.verifyOTP.rawValue), (.contentType, "application/json"),
            ]
            return OutgoingMessage(
                topic: world.topics.commandsVerification,
                key: Array("\(member.user.tenant)/\(member.user.userID)".utf8),
                value: data.serialized(),
                headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
            )
        }
    }

    /// Writes the commands with at most `window` unanswered.
    func run(_ commands: ArraySlice<OutgoingMessage>, window: Int) throws -> Figures {
        var figures = Figures()
        var written: [String: ContinuousClock.Instant] = [:]
        var rest = commands
        let start = ContinuousClock.now
        let deadline = start + .seconds(120)
        while !rest.isEmpty || !written.isEmpty {
            guard ContinuousClock.now < deadline else {
                throw ChildFailed(description: "\(written.count) commands unanswered\n\(world.verifier?.errors ?? "")")
            }
            let some = rest.prefix(min(window - written.count, 256))
            if !some.isEmpty {
                rest = rest.dropFirst(some.count)
                let now = ContinuousClock.now
                for command in some { written[id(command)] = now }
                // Serves the acknowledgements that are there.
                _ = producer.wait(for: try producer.produce(Array(some)), timeoutMilliseconds: 0)
            }
            let isFull = written.count >= window || rest.isEmpty
            for record in try reader.take(max: 4_096, waitMilliseconds: isFull ? 20 : 0) {
                guard let begun = written.removeValue(forKey: header(.causationID, record)) else { continue }
                figures.latencies.append((ContinuousClock.now - begun) / .milliseconds(1))
                if record.value?.starts(with: Self.okay) ?? false { figures.accepted += 1 } else { figures.refused += 1 }
            }
        }
        figures.seconds = (ContinuousClock.now - start) / .seconds(1)
        figures.latencies.sort()
        return figures
    }

    private static let okay = Array(#"{"status":"ok""#.utf8)

    private func id(_ command: OutgoingMessage) -> String {
        command.headers.first { $0.name == Header.id.name }?.value.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func header(_ header: Header, _ record: KafkaRecord) -> String {
        record.headers.first { $0.name == header.name }?.value.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
