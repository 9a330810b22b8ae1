import Contract
import Logging
import Messaging
import Synchronization
import Telemetry
import TokenCore
import TokenStore
import WorkerRuntime

/// The notifier's loop, on one thread: take, claim, send elsewhere, record, tell, move the offsets on.
///
/// A notification is claimed in the store before it is sent, and its end is recorded after. Redelivery, a rebalance and
/// a second notifier never send it twice; only where a notifier dies between the provider's acceptance and the record
/// of it does its successor, once the claim's lease is over, send again. No database can close that window; a provider
/// that takes an idempotency key can (`{{id}}` stays the same).
final class NotifierWorker {
    /// A parcel on its way, and how often it was tried.
    private struct Journey {
        var parcel: Parcel
        var attempt = 0
        /// Not before.
        var due: ContinuousClock.Instant = .now
    }

    private let setup: WorkerSetup
    private let consumer: KafkaConsumer
    private let outbox: Outbox
    private let ledger: DeliveryLedger
    private let chain: ProviderChain
    private let reader: ParcelReader
    private let events: DeliveryEvents
    private let envelopes: SealedEnvelopes
    private let policy = DeliveryPolicy()
    private let attempts = AttemptQueue()

    /// To be claimed once they are due.
    private var waiting: [Journey] = []
    /// An attempt is under way.
    private var travelling: [NotificationID: Journey] = [:]
    /// Ended, to be recorded.
    private var ended: [(parcel: Parcel, state: DeliveryState, code: String?)] = []
    /// Recorded, or nothing to record: to be told; then the records are finished.
    private var untold: [(message: WireMessage, places: [RecordPlace])] = []
    private var offsets = OffsetLedger()
    private var isPaused = false

    private static let concurrency = 128

    init(
        _ setup: WorkerSetup,
        consumer: KafkaConsumer,
        producer: KafkaProducer,
        ledger: DeliveryLedger,
        chain: ProviderChain,
        templates: MessageTemplates
    ) {
        self.setup = setup
        self.consumer = consumer
        self.ledger = ledger
        self.chain = chain
        envelopes = setup.envelopes()
        reader = ParcelReader(envelopes: envelopes, templates: templates)
        events = DeliveryEvents(topics: setup.topics)
        outbox = Outbox(
            producer: producer,
            topics: setup.topics,
            envelopes: envelopes,
            service: setup.service,
            logger: setup.logger,
            shouldStop: { setup.stop.isRequested }
        )
        consumer.onRevoke = { [unowned self] partitions, isLost in release(Set(partitions), isLost: isLost) }
    }

    func run(heartbeat: Heartbeat) throws {
        var backoff = Backoff()
        while !setup.stop.isRequested {
            heartbeat.beat()
            do {
                try turn()
                backoff.reset()
                setup.faults.end()
            } catch let error where setup.faults.isTransient(error) {
                setup.faults.begin(error)
                setup.stop.wait(atMost: backoff.next())
                if ledger.isBroken {
                    do { try ledger.reconnect() } catch { setup.faults.begin(error) }
                }
            }
        }
        finish()
    }

    /// One turn. Every list is emptied only by the step that did its work, so a fault loses nothing.
    func turn() throws {
        try take()
        noteRebalances()
        gather()
        try record()
        try tell()
        try depart()
    }

    private var burden: Int { waiting.count + travelling.count + ended.count }

    // MARK: Taking

    private func take() throws {
        let room = Self.concurrency - burden
        if room <= 0, !isPaused {
            try consumer.pause(consumer.assignment)
            isPaused = true
        } else if room > 0, isPaused {
            try consumer.resume(consumer.assignment)
            isPaused = false
        }
        // Ends of attempts are looked for after each take, so it must not last while some are under way.
        let wait = burden == 0 ? 100 : 5
        let now = Instant.wallClock
        for record in try consumer.take(max: max(1, room), waitMilliseconds: wait) {
            let place = RecordPlace(partition: record.topicPartition, offset: record.offset)
            offsets.take(place)
            switch reader.read(record, at: now) {
            case .parcel(let parcel), .late(let parcel): accept(parcel)
            case .dead(let reason):
                setup.metrics.counter(.deadLetters, reason).increment()
                untold.append((deadLetter(record, reason: reason), [place]))
            }
        }
    }

    /// A record of a notification that is under way already waits for its end.
    private func accept(_ parcel: Parcel) {
        if travelling[parcel.id] != nil {
            travelling[parcel.id]?.parcel.places += parcel.places
        } else if let index = waiting.firstIndex(where: { $0.parcel.id == parcel.id }) {
            waiting[index].parcel.places += parcel.places
        } else {
            waiting.append(Journey(parcel: parcel))
        }
    }

    private func deadLetter(_ record: KafkaRecord, reason: String) -> WireMessage {
        DeadLetter(
            topic: record.topic,
            partition: record.partition,
            offset: record.offset,
            timestamp: Instant(milliseconds: record.timestamp),
            reason: reason,
            service: setup.service
        ).message(
            key: record.key,
            headers: record.headers.map { WireHeader($0.name, $0.value) },
            value: record.value,
            topics: setup.topics,
            envelopes: envelopes
        )
    }

    private func noteRebalances() {
        for rebalance in consumer.drainRebalances() {
            guard case .assigned = rebalance else { continue }
            isPaused = false
            if setup.health.meet(.group) { setup.logger.info("joined the group") }
        }
    }

    // MARK: Sending

    /// Claims what is due and starts its attempts.
    private func depart() throws {
        let now = ContinuousClock.now
        let due = waiting.filter { $0.due <= now }
        guard !due.isEmpty else { return }
        let standings = try ledger.claim(due.map(\.parcel.inquiry))
        waiting.removeAll { $0.due <= now }
        for var journey in due {
            let parcel = journey.parcel
            guard let standing = standings[parcel.id] else { continue }
            switch DeliveryDecision(standing, deadline: parcel.deadline) {
            case .send: start(journey, clock: standing.now)
            case .drop(let reason): ended.append((parcel, .dropped, reason.rawValue))
            case .repeatResult(let result): untold.append((events.message(parcel, result), parcel.places))
            case .wait(let end):
                journey.due = now + .microseconds(max(0, end.microseconds - standing.now.microseconds) + 50_000)
                waiting.append(journey)
            }
        }
    }

    private func start(_ journey: Journey, clock: Instant) {
        let parcel = journey.parcel
        travelling[parcel.id] = journey
        setup.metrics.gauge(.deliveriesInFlight, parcel.channel.rawValue).set(travelling.count)
        let deadline = ContinuousClock.now + .microseconds(parcel.deadline.microseconds - clock.microseconds)
        let (chain, attempts, turn) = (chain, attempts, journey.attempt)
        Task {
            let (outcome, providers) = await chain.attempt(
                parcel.message,
                parcel.channel,
                turn: turn,
                deadline: deadline
            )
            attempts.add(Attempt(notification: parcel.id, outcome: outcome, providers: providers, deadline: deadline))
        }
    }

    /// Looks at the attempts that have ended.
    private func gather() {
        for attempt in attempts.drain() {
            guard var journey = travelling.removeValue(forKey: attempt.notification) else { continue }
            let step = policy.step(
                after: attempt.outcome,
                attempt: journey.attempt,
                providers: attempt.providers,
                timeLeft: attempt.deadline - .now,
                chance: Double.random(in: 0..<1)
            )
            setup.metrics.gauge(.deliveriesInFlight, journey.parcel.channel.rawValue).set(travelling.count)
            switch step {
            case .retry(let pause):
                journey.attempt += 1
                journey.due = .now + pause
                waiting.append(journey)
            case .end(let ending):
                ended.append((journey.parcel, ending.state, ending.code))
            }
        }
    }

    // MARK: Ending

    private func record() throws {
        guard !ended.isEmpty else { return }
        let results = try ledger.record(ended.map { ($0.parcel.id, $0.state, $0.code) })
        for (parcel, state, code) in ended {
            guard let result = results[parcel.id] else { continue }
            setup.metrics.counter(.notifications, parcel.channel.rawValue, state.rawValue).increment()
            if state == .failed {
                setup.logger.warning(
                    "a notification was not delivered",
                    metadata: [
                        LogKey.notificationID: "\(parcel.id)", LogKey.channel: "\(parcel.channel.rawValue)",
                        LogKey.code: "\(code ?? "")",
                    ]
                )
            }
            untold.append((events.message(parcel, result), parcel.places))
        }
        ended = []
    }

    /// Events are acknowledged before the offsets move.
    private func tell() throws {
        guard !untold.isEmpty else { return }
        guard try outbox.settle(outbox.ship(untold.map(\.message))) else { return }
        let assigned = Set(consumer.assignment)
        for place in untold.flatMap(\.places) {
            if let next = offsets.finish(place), assigned.contains(place.partition) {
                try consumer.storeOffset(place.partition, next: next)
            }
        }
        untold = []
        try consumer.commitStored(sync: false)
    }

    // MARK: Giving back

    /// Partitions go: attempts that are under way are waited for, the rest is given back unsent.
    private func release(_ partitions: Set<TopicPartition>, isLost: Bool) {
        func concerns(_ parcel: Parcel) -> Bool { parcel.places.contains { partitions.contains($0.partition) } }
        do {
            let deadline = ContinuousClock.now + chain.longestAttempt + .seconds(1)
            while travelling.values.contains(where: { concerns($0.parcel) }), ContinuousClock.now < deadline {
                attempts.wait(milliseconds: 50)
                gather()
            }
            try record()
            try tell()
            if !isLost { try consumer.commitStored(sync: true) }
            let unsent = waiting.map(\.parcel).filter(concerns).map(\.id)
            if !unsent.isEmpty { try ledger.release(unsent) }
        } catch {
            setup.logger.notice(
                "partitions were given back unsettled",
                metadata: [LogKey.errorMessage: "\(error)"]
            )
        }
        waiting.removeAll { concerns($0.parcel) }
        for partition in partitions { offsets.forget(partition) }
    }

    private func finish() {
        release(Set(consumer.assignment), isLost: false)
        consumer.onRevoke = nil
        consumer.close()
        ledger.close()
    }
}

extension DeliveryPolicy.Ending {
    fileprivate var state: DeliveryState {
        switch self {
        case .sent: .sent
        case .rejectedByProvider, .invalidDestination, .unavailable, .unknown: .failed
        }
    }

    /// The contract's codes of `notification.failed`; what may have been delivered is told as `unavailable`.
    fileprivate var code: String? {
        switch self {
        case .sent: nil
        case .rejectedByProvider: "rejected_by_provider"
        case .invalidDestination: "invalid_destination"
        case .unavailable, .unknown: "unavailable"
        }
    }
}
