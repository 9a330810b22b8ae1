import Contract
import Messaging
import TokenCore

/// The notifications that are held at this moment, and how far each is. Pure: time is handed in.
///
/// Each channel has its own line, so that a gateway that stands still holds up nothing but its channel; in it the tenants
/// take turns, so that one's flood holds up no other. With which provider the next one leaves, the board says.
struct DeliveryBook {
    /// A notification on its way.
    struct Journey {
        var parcel: Parcel
        var course = DeliveryCourse()
        /// It stood in line while no provider could be used.
        fileprivate(set) var wasStranded = false
        fileprivate(set) var stage = Stage.ready

        var tenant: String { parcel.subject.recordKey.tenant }
        /// It came in time; that it didn't leave in time is the providers' fault.
        var wasTaken: Bool { wasStranded || course.attempts > 0 }
    }

    /// One that may leave its line.
    struct Departure {
        let journey: Journey
        /// With which provider; nil: its end is past, so that it only has to be ended.
        let seat: ProviderBoard.Seat?
    }

    enum Stage: Equatable {
        /// In its channel's line.
        case ready
        /// Not before.
        case resting(until: ContinuousClock.Instant)
        /// An attempt is under way.
        case travelling
        /// To be recorded.
        case ended
    }

    private var journeys: [NotificationID: Journey] = [:]
    /// First come, first served; those that left the line another way stand here until they are passed.
    private var lines: [Channel: [NotificationID]] = [:]
    /// When each tenant's last one left, counted in departures: of those that are held, and few more.
    private var turns: [String: UInt64] = [:]
    private var lastTurn: UInt64 = 0
    private var resting: Set<NotificationID> = []

    var count: Int { journeys.count }

    /// When the first that rests is due; nil where none does.
    var nextDue: ContinuousClock.Instant? {
        resting.compactMap { id -> ContinuousClock.Instant? in
            guard case .resting(let due)? = journeys[id]?.stage else { return nil }
            return due
        }.min()
    }

    subscript(id: NotificationID) -> Journey? { journeys[id] }

    /// A record of a notification that is held already waits for that one's end.
    mutating func accept(_ parcel: Parcel) {
        if journeys[parcel.id] != nil {
            journeys[parcel.id]?.parcel.places += parcel.places
        } else {
            journeys[parcel.id] = Journey(parcel: parcel)
            lines[parcel.channel, default: []].append(parcel.id)
        }
    }

    /// Those that may leave now; they stay in line until one of the functions below is called.
    ///
    /// - Parameters:
    ///   - clock: the same instant, as deadlines are given.
    ///   - board: who has room.
    mutating func due(at now: ContinuousClock.Instant, clock: Instant, _ board: ProviderBoard) -> [Departure] {
        // Before anything comes back: who left and comes back at once must not stand in line twice.
        for channel in Channel.allCases { lines[channel]?.removeAll { journeys[$0]?.stage != .ready } }
        for id in resting {
            guard let journey = journeys[id], case .resting(let due) = journey.stage, due <= now else { continue }
            resting.remove(id)
            journeys[id]?.stage = .ready
            // It has waited longer than those in line.
            lines[journey.parcel.channel, default: []].insert(id, at: 0)
        }
        if turns.count > 2 * journeys.count + 16 {
            let tenants = Set(journeys.values.map(\.tenant))
            turns = turns.filter { tenants.contains($0.key) }
        }
        var board = board
        return Channel.allCases.flatMap { departures($0, now, clock, &board) }
    }

    private mutating func departures(
        _ channel: Channel,
        _ now: ContinuousClock.Instant,
        _ clock: Instant,
        _ board: inout ProviderBoard
    ) -> [Departure] {
        var departures: [Departure] = []
        // What the board said of a notification that nobody has tried yet goes for all of them.
        var freshChoice: ProviderBoard.Choice?
        for id in inTurn(lines[channel] ?? []) {
            guard let journey = journeys[id] else { continue }
            if journey.parcel.deadline <= clock {
                departures.append(Departure(journey: journey, seat: nil))
                continue
            }
            let isFresh = journey.course.attempts == 0
            let choice = (isFresh ? freshChoice : nil) ?? board.choice(channel, among: journey.course, at: now)
            switch choice {
            case .seat(let seat):
                board.begin(id, at: seat, now: now)
                departures.append(Departure(journey: journey, seat: seat))
            case .full:
                if isFresh { freshChoice = choice }
            case .closed:
                if isFresh { freshChoice = choice }
                journeys[id]?.wasStranded = true
            }
        }
        return departures
    }

    /// Each tenant's first, then each one's second, and so on; the tenant that has waited longest comes first.
    private func inTurn(_ line: [NotificationID]) -> [NotificationID] {
        guard let first = line.first.flatMap({ journeys[$0]?.tenant }),
            line.contains(where: { journeys[$0]?.tenant != first })
        else { return line }
        var places: [String: Int] = [:]
        var queues: [(tenant: String, line: [NotificationID])] = []
        for id in line {
            guard let tenant = journeys[id]?.tenant else { continue }
            if let place = places[tenant] {
                queues[place].line.append(id)
            } else {
                places[tenant] = queues.count
                queues.append((tenant, [id]))
            }
        }
        // Those who have had none stay as they came.
        queues.sort {
            (turns[$0.tenant, default: 0], places[$0.tenant, default: 0])
                < (turns[$1.tenant, default: 0], places[$1.tenant, default: 0])
        }
        let longest = queues.map(\.line.count).max() ?? 0
        return (0..<longest).flatMap { rank in queues.compactMap { rank < $0.line.count ? $0.line[rank] : nil } }
    }

    mutating func depart(_ id: NotificationID) {
        if let tenant = journeys[id]?.tenant {
            lastTurn += 1
            turns[tenant] = lastTurn
        }
        move(id, to: .travelling)
    }

    /// - Parameter course: where it changed.
    mutating func rest(_ id: NotificationID, until due: ContinuousClock.Instant, _ course: DeliveryCourse? = nil) {
        move(id, to: .resting(until: due))
        if let course { journeys[id]?.course = course }
    }

    mutating func end(_ id: NotificationID) {
        move(id, to: .ended)
    }

    /// It is over.
    ///
    /// - Returns: what it was, with the places of all its records.
    mutating func remove(_ id: NotificationID) -> Parcel? {
        guard journeys[id] != nil else { return nil }
        move(id, to: .ended)
        return journeys.removeValue(forKey: id)?.parcel
    }

    /// Forgets the places in partitions that have gone, and with them what is not under way.
    ///
    /// - Returns: those that were let go unsent.
    mutating func giveBack(_ partitions: Set<TopicPartition>) -> [NotificationID] {
        var unsent: [NotificationID] = []
        for (id, journey) in journeys where journey.concerns(partitions) {
            let left = journey.parcel.places.filter { !partitions.contains($0.partition) }
            journeys[id]?.parcel.places = left
            guard left.isEmpty, journey.stage != .travelling, journey.stage != .ended else { continue }
            unsent.append(id)
            resting.remove(id)
            journeys[id] = nil
        }
        return unsent
    }

    /// Whether an attempt for a record of these partitions is under way.
    func isTravelling(for partitions: Set<TopicPartition>) -> Bool {
        journeys.values.contains { $0.stage == .travelling && $0.concerns(partitions) }
    }

    private mutating func move(_ id: NotificationID, to stage: Stage) {
        guard journeys[id] != nil else { return }
        resting.remove(id)
        if case .resting = stage { resting.insert(id) }
        journeys[id]?.stage = stage
    }
}

extension DeliveryBook.Journey {
    fileprivate func concerns(_ partitions: Set<TopicPartition>) -> Bool {
        parcel.places.contains { partitions.contains($0.partition) }
    }
}
