import Contract
import Logging
import Messaging
import NotificationTexts
import Synchronization
import Telemetry
import TokenCore
import TokenStore
import WorkerRuntime

/// The notifier's loop, on one thread: take, claim, send elsewhere, record, tell, move the offsets on.
///
/// A notification is claimed in the store before each attempt, and its end is recorded after. Redelivery, a rebalance
/// and a second notifier never send it twice. One window is no database's to close: between the provider's
/// acceptance and our record of it. Where a notifier dies in it, its successor sends again once the claim's lease is
/// over, since a code that nobody got is worse than one that came twice; a provider that takes an idempotency key tells
/// the two apart (`{{id}}` stays the same). Another one, a gateway that took a message and was silent until its
/// time-out, is the configuration's choice (`onTimeout`). A claim that nobody renews holds for the lease, which is
/// longer than any attempt; so a dead notifier blocks nothing for long, and a living one is never overtaken in the
/// middle of an attempt.
final class NotifierWorker {
    private let setup: WorkerSetup
    private let consumer: KafkaConsumer
    private let teller: EventTeller
    private let ledger: DeliveryLedger
    private let crew: ProviderCrew
    private let desk: ReceiptDesk
    private let reader: ParcelReader
    private let events: DeliveryEvents
    private let envelopes: SealedEnvelopes
    private let metrics: NotifierMetrics
    private let policy = DeliveryPolicy()
    private let attempts: AttemptQueue

    /// From taken to recorded.
    private(set) var book = DeliveryBook()
    private var board: ProviderBoard
    private var gauges: ProviderGauges
    /// Of those in the book whose stage is `ended`, how.
    private var ends: [DeliveryEnd] = []
    /// Claims to be given back.
    private var foregone: [NotificationID] = []
    private var offsets = OffsetLedger()
    private var committed: [TopicPartition: Int64] = [:]
    private var limit = PartitionLimit(capacity: NotifierWorker.capacity)
    private var receiptsFrom = ContinuousClock.now

    /// Notifications held at most.
    private static let capacity = 2_000
    /// Records that are taken at once, at most.
    private static let handful = 256
    /// A claim that took longer to come back than this is asked for again: its lease has to outlast the attempt.
    private static let staleClaim = NotifierService.leaseMargin - .seconds(1)
    /// How often it is looked whether another notifier has ended what it holds.
    private static let otherInterval: Duration = .seconds(1)
    /// How soon a receipt of a message that nobody knows is looked at again.
    private static let receiptInterval: Duration = .milliseconds(100)

    init(
        _ setup: WorkerSetup,
        consumer: KafkaConsumer,
        producer: KafkaProducer,
        ledger: DeliveryLedger,
        crew: ProviderCrew,
        desk: ReceiptDesk,
        templates: MessageTemplates
    ) {
        self.setup = setup
        self.consumer = consumer
        let waker = consumer.waker
        attempts = AttemptQueue { waker.wake() }
        self.ledger = ledger
        self.crew = crew
        self.desk = desk
        desk.open { waker.wake() }
        board = ProviderBoard(crew.members)
        gauges = ProviderGauges(crew.members, setup)
        envelopes = setup.envelopes()
        metrics = NotifierMetrics(setup.metrics)
        reader = ParcelReader(envelopes: envelopes, templates: templates)
        events = DeliveryEvents(topics: setup.topics)
        let outbox = Outbox(
            producer: producer,
            topics: setup.topics,
            envelopes: envelopes,
            service: setup.service,
            logger: setup.logger,
            faults: setup.faults,
            shouldStop: { setup.stop.isRequested }
        )
        teller = EventTeller(outbox, health: setup.health, logger: setup.logger)
        consumer.onRevoke = { [unowned self] partitions, isLost in
            release(Set(partitions), isLost: isLost, patience: min(crew.longestAttempt, EventTeller.patience))
        }
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
        gather()
        try exchange(claiming: true)
        try receive()
        try tell()
        gauges.show(board, at: .now)
    }

    // MARK: Taking

    private func take() throws {
        let changes = limit.changes { offsets.held(in: $0) }
        if !changes.pause.isEmpty { try consumer.pause(changes.pause) }
        if !changes.resume.isEmpty { try consumer.resume(changes.resume) }
        limit.note(changes)
        let records = try consumer.take(max: Self.handful, waitMilliseconds: patience)
        // Before the records: what is assigned says which of them are old.
        noteRebalances()
        let now = Instant.wallClock
        for record in records {
            let place = RecordPlace(partition: record.topicPartition, offset: record.offset)
            let isOld = record.offset < committed[place.partition] ?? 0
            switch reader.read(record, at: now) {
            case .parcel(let parcel):
                offsets.take(place)
                book.accept(parcel)
            case .dead where isOld: break
            case .dead(let reason):
                offsets.take(place)
                metrics.countDeadLetter(reason)
                teller.add(.init(message: deadLetter(record, reason: reason), places: [place]))
            }
        }
    }

    /// How long to wait for records; an attempt that ends wakes the consumer.
    private var patience: Int {
        if !ends.isEmpty || !teller.isUnloaded { return 0 }
        if !teller.isIdle { return 5 }
        guard let due = book.nextDue else { return 100 }
        return Int(max(0, min(100, (due - .now) / .milliseconds(1))).rounded(.up))
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
            switch rebalance {
            case .assigned(let partitions):
                for assigned in partitions {
                    committed[assigned.partition] = assigned.committed
                    limit.assign(assigned.partition)
                }
                if setup.health.meet(.group) { setup.logger.info("joined the group") }
            case .revoked(let partitions, _):
                for partition in partitions {
                    committed[partition] = nil
                    limit.revoke(partition)
                }
            }
        }
    }

    // MARK: Recording and claiming

    /// Records the ends there are; claims what is due and starts its attempts.
    private func exchange(claiming: Bool) throws {
        if !foregone.isEmpty {
            try ledger.release(foregone)
            foregone = []
        }
        let asked = ContinuousClock.now
        let due = claiming ? book.due(at: asked, clock: .wallClock, board) : []
        let answer = try ledger.exchange(ends, claiming: due.map(\.journey.parcel.inquiry))
        for end in ends { settle(end, answer.results[end.notification]) }
        ends = []
        guard .now - asked < Self.staleClaim else { return }
        for departure in due {
            if let standing = answer.standings[departure.journey.parcel.id] { follow(departure, standing, asked) }
        }
    }

    private func settle(_ end: DeliveryEnd, _ result: DeliveryResult?) {
        guard let result else {
            // Another notifier has it now: its end is waited for.
            return book.rest(end.notification, until: .now + Self.otherInterval)
        }
        guard let parcel = book.remove(end.notification) else { return }
        metrics.count(parcel.channel, result.state)
        if end.state == .failed { report(parcel, code: end.code) }
        teller.add(.init(message: events.message(parcel.subject, result), places: parcel.places))
    }

    private func report(_ parcel: Parcel, code: String?) {
        setup.logger.warning(
            "a notification was not delivered",
            metadata: [
                LogKey.notificationID: "\(parcel.id)", LogKey.channel: "\(parcel.channel.rawValue)",
                LogKey.code: "\(code ?? "")",
            ]
        )
    }

    private func follow(
        _ departure: DeliveryBook.Departure,
        _ standing: DeliveryStanding,
        _ asked: ContinuousClock.Instant
    ) {
        let parcel = departure.journey.parcel
        switch DeliveryDecision(standing, deadline: parcel.deadline, content: parcel.content) {
        case .send where parcel.deadline.microseconds - standing.now.microseconds < policy.shortestAttemptMicroseconds:
            endLate(departure.journey)
        case .send:
            // Without a seat it is past its end by our clock; by the database's, a moment is left.
            guard let seat = departure.seat else { return }
            start(departure.journey, at: seat, clock: standing.now)
        case .drop(.expired): endLate(departure.journey)
        case .drop(let reason): end(parcel, .dropped, reason.rawValue)
        case .fail(let ending): end(parcel, ending)
        case .repeatResult(let result): repeatResult(parcel, result)
        case .wait(let end):
            let left = Duration.microseconds(max(0, end.microseconds - standing.now.microseconds) + 50_000)
            book.rest(parcel.id, until: asked + min(left, Self.otherInterval))
        }
    }

    /// There is no time left to deliver it.
    private func endLate(_ journey: DeliveryBook.Journey) {
        if journey.wasTaken {
            end(journey.parcel, .unavailable)
        } else {
            end(journey.parcel, .dropped, DeliveryDecision.DropReason.expired.rawValue)
        }
    }

    private func end(_ parcel: Parcel, _ ending: DeliveryPolicy.Ending, by seat: ProviderBoard.Seat? = nil) {
        var sent: SentMessage?
        if case .sent(let ids) = ending, !ids.isEmpty, let seat, board.members[seat].givesReceipts {
            sent = SentMessage(provider: board.members[seat].name, messageIDs: ids, subject: parcel.subject.stored)
        }
        end(parcel, ending.state, ending.code, sent)
    }

    private func end(_ parcel: Parcel, _ state: DeliveryState, _ code: String?, _ sent: SentMessage? = nil) {
        book.end(parcel.id)
        ends.append(
            DeliveryEnd(
                notification: parcel.id,
                tenant: parcel.subject.recordKey.tenant,
                state: state,
                code: code,
                sent: sent
            )
        )
    }

    /// Told again, unless it was told and committed before: then the record is one that every assignment reads.
    private func repeatResult(_ parcel: Parcel, _ result: DeliveryResult) {
        guard let parcel = book.remove(parcel.id) else { return }
        let isOld = parcel.places.allSatisfy { $0.offset < committed[$0.partition] ?? 0 }
        if isOld {
            for place in parcel.places { _ = offsets.finish(place) }
        } else {
            teller.add(.init(message: events.message(parcel.subject, result), places: parcel.places))
        }
    }

    // MARK: Sending

    private func start(_ journey: DeliveryBook.Journey, at seat: ProviderBoard.Seat, clock: Instant) {
        let parcel = journey.parcel
        guard case .message(let message) = parcel.content else { return }
        book.depart(parcel.id)
        board.begin(parcel.id, at: seat, now: .now)
        if journey.course.attempts == 0 { metrics.observeAge(of: parcel.writtenAt, at: clock) }
        let deadline = ContinuousClock.now + .microseconds(parcel.deadline.microseconds - clock.microseconds)
        let (crew, attempts) = (crew, attempts)
        Task {
            let outcome = await crew.attempt(message, by: seat, deadline: deadline)
            attempts.add(Attempt(notification: parcel.id, seat: seat, outcome: outcome, deadline: deadline))
        }
    }

    /// Looks at the attempts that have ended.
    private func gather() {
        for attempt in attempts.drain() {
            let now = ContinuousClock.now
            board.end(attempt.notification, at: attempt.seat, attempt.outcome, now: now, chance: .random(in: 0..<1))
            guard let journey = book[attempt.notification] else { continue }
            var course = journey.course
            course.note(attempt.outcome, of: attempt.seat, isIdempotent: board.members[attempt.seat].isIdempotent)
            let step = policy.step(
                after: attempt.outcome,
                &course,
                journey.parcel.channel,
                board,
                at: now,
                timeLeft: attempt.deadline - now,
                chance: .random(in: 0..<1)
            )
            switch step {
            case .retry where journey.parcel.places.isEmpty:
                // Its partition has gone meanwhile: the next attempt is the new owner's.
                _ = book.remove(attempt.notification)
                foregone.append(attempt.notification)
            case .retry(let pause): book.rest(attempt.notification, until: now + pause, course)
            case .end(let ending): end(journey.parcel, ending, by: attempt.seat)
            }
        }
    }

    // MARK: Receipts

    /// Records what providers tell of messages that they took. One of a message that nobody knows waits a little: it
    /// can be faster than our own record.
    private func receive() throws {
        let now = ContinuousClock.now
        guard now >= receiptsFrom else { return }
        let all = desk.drain()
        guard !all.isEmpty else { return }
        let (late, tickets) = (all.filter { $0.end <= now }, all.filter { $0.end > now })
        desk.answer(late, .unavailable)
        let standings: [ReceiptStanding?]
        do {
            standings = try ledger.apply(tickets.map(\.receipt))
        } catch {
            desk.keep(tickets)
            throw error
        }
        var early: [ReceiptDesk.Ticket] = []
        for (ticket, standing) in zip(tickets, standings) {
            if let standing {
                tell(standing, ticket)
            } else if ticket.patience > now {
                early.append(ticket)
            } else {
                desk.answer([ticket], .unknown)
            }
        }
        if !early.isEmpty {
            desk.keep(early)
            receiptsFrom = now + Self.receiptInterval
        }
    }

    private func tell(_ standing: ReceiptStanding, _ ticket: ReceiptDesk.Ticket) {
        guard let end = standing.end else { return desk.answer([ticket], .told) }
        do {
            let subject = try DeliverySubject(standing.notification, stored: standing.subject)
            metrics.count(subject.channel, end.state)
            teller.add(.init(message: events.receipt(subject, end), tickets: [ticket]))
        } catch {
            setup.logger.error(
                "a receipt's notification can't be read",
                metadata: [LogKey.notificationID: "\(standing.notification)"]
            )
            desk.answer([ticket], .unknown)
        }
    }

    // MARK: Telling

    /// Events are acknowledged before the offsets move, and before a provider's receipt is answered.
    private func tell(waitMilliseconds: Int = 0) throws {
        let told = try teller.turn(waitMilliseconds: waitMilliseconds)
        guard !told.isEmpty else { return }
        desk.answer(told.flatMap(\.tickets), .told)
        let assigned = Set(consumer.assignment)
        for place in told.flatMap(\.places) {
            if let next = offsets.finish(place), assigned.contains(place.partition) {
                try consumer.storeOffset(place.partition, next: next)
            }
        }
        try consumer.commitStored(sync: false)
    }

    // MARK: Giving back

    /// Partitions go: attempts that are under way are waited for, but not for long (the next owner waits for their
    /// claims); the rest is given back unsent.
    private func release(_ partitions: Set<TopicPartition>, isLost: Bool, patience: Duration) {
        do {
            let deadline = ContinuousClock.now + (isLost ? .zero : patience)
            gather()
            while book.isTravelling(for: partitions), ContinuousClock.now < deadline {
                attempts.wait(milliseconds: 50)
                gather()
            }
            try exchange(claiming: false)
            let end = ContinuousClock.now + EventTeller.patience
            while !isLost, !teller.isIdle, ContinuousClock.now < end {
                try tell(waitMilliseconds: 100)
            }
            if !isLost { try consumer.commitStored(sync: true) }
        } catch {
            setup.logger.notice(
                "partitions were given back unsettled",
                metadata: [LogKey.errorMessage: "\(error)"]
            )
        }
        foregone += book.giveBack(partitions)
        for partition in partitions { offsets.forget(partition) }
        do {
            try exchange(claiming: false)
        } catch {
            // Their leases end by themselves.
            setup.logger.notice("claims were not given back", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }

    private func finish() {
        release(Set(consumer.assignment), isLost: false, patience: crew.longestAttempt + .seconds(1))
        desk.close()
        desk.answer(teller.giveUp().flatMap(\.tickets), .unavailable)
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
