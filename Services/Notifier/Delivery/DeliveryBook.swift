import Messaging
import TokenCore

/// The notifications that are held at this moment, and how far each is. Pure: time is handed in.
///
/// Each channel has its own line and its own limit of attempts under way, so that a gateway that stands still holds up
/// nothing but its channel.
struct DeliveryBook {
    /// A notification on its way.
    struct Journey {
        var parcel: Parcel
        /// Attempts that failed so far.
        var attempt = 0
        fileprivate(set) var stage = Stage.ready
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

    /// Attempts of a channel at a time.
    let limit: Int
    private var journeys: [NotificationID: Journey] = [:]
    /// First come, first served; those that left the line another way stand here until they are passed.
    private var lines: [Channel: [NotificationID]] = [:]
    private var resting: Set<NotificationID> = []
    private var travelling: [Channel: Int] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { journeys.count }

    func travelling(_ channel: Channel) -> Int { travelling[channel] ?? 0 }

    var isTravelling: Bool { travelling.values.contains { $0 > 0 } }

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
    mutating func due(at now: ContinuousClock.Instant) -> [Journey] {
        for id in resting {
            guard let journey = journeys[id], case .resting(let due) = journey.stage, due <= now else { continue }
            resting.remove(id)
            journeys[id]?.stage = .ready
            lines[journey.parcel.channel, default: []].append(id)
        }
        return Channel.allCases.flatMap { channel in
            lines[channel]?.removeAll { journeys[$0]?.stage != .ready }
            return lines[channel, default: []].prefix(limit - travelling(channel)).compactMap { journeys[$0] }
        }
    }

    mutating func depart(_ id: NotificationID) {
        move(id, to: .travelling)
    }

    /// - Parameter attempts: how many have failed, where one more did.
    mutating func rest(_ id: NotificationID, until due: ContinuousClock.Instant, attempts: Int? = nil) {
        move(id, to: .resting(until: due))
        if let attempts { journeys[id]?.attempt = attempts }
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
        guard let journey = journeys[id] else { return }
        switch journey.stage {
        case .travelling: travelling[journey.parcel.channel, default: 0] -= 1
        case .resting: resting.remove(id)
        case .ready, .ended: break
        }
        switch stage {
        case .travelling: travelling[journey.parcel.channel, default: 0] += 1
        case .resting: resting.insert(id)
        case .ready, .ended: break
        }
        journeys[id]?.stage = stage
    }
}

extension DeliveryBook.Journey {
    fileprivate func concerns(_ partitions: Set<TopicPartition>) -> Bool {
        parcel.places.contains { partitions.contains($0.partition) }
    }
}
