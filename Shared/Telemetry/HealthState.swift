import Synchronization

/// Something that must hold before a service takes work.
package struct HealthCondition: Hashable, Comparable, Sendable {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    package static let configuration = HealthCondition("configuration")
    package static let keys = HealthCondition("keys")
    package static let database = HealthCondition("database")
    package static let schema = HealthCondition("schema")
    package static let broker = HealthCondition("broker")
    package static let topics = HealthCondition("topics")
    package static let group = HealthCondition("group")

    package static func < (left: HealthCondition, right: HealthCondition) -> Bool { left.name < right.name }
}

/// Whether a process lives and is ready, and if not, why; safe from any thread.
///
/// *Ready*: every condition holds. *Live*: every heartbeat is fresh; a process that isn't live should be restarted.
package final class HealthState: Sendable {
    /// What keeps a service from being ready or live: a name and a reason for a person.
    package struct Missing: Equatable, Sendable {
        package let name: String
        package let reason: String
    }

    private let unmet: Mutex<[HealthCondition: String]>
    private let heartbeats = Mutex<[String: Heartbeat]>([:])

    /// None of the conditions holds yet.
    package init(conditions: [HealthCondition]) {
        unmet = Mutex(Dictionary(conditions.map { ($0, "not yet") }, uniquingKeysWith: { first, _ in first }))
    }

    /// - Returns: whether that is news, which is worth a log line.
    @discardableResult
    package func meet(_ condition: HealthCondition) -> Bool {
        unmet.withLock { $0.removeValue(forKey: condition) != nil }
    }

    /// - Parameter reason: shown to whoever asks: codes and names, no secrets.
    /// - Returns: whether that is news.
    @discardableResult
    package func miss(_ condition: HealthCondition, reason: String) -> Bool {
        unmet.withLock { $0.updateValue(reason, forKey: condition) != reason }
    }

    /// A loop that must turn at least once `within`; the loop keeps the heartbeat and beats.
    package func heartbeat(_ name: String, within: Duration) -> Heartbeat {
        let heartbeat = Heartbeat(within: within)
        heartbeats.withLock { $0[name] = heartbeat }
        return heartbeat
    }

    /// The loop has ended as it should.
    package func endHeartbeat(_ name: String) {
        heartbeats.withLock { _ = $0.removeValue(forKey: name) }
    }

    package var missingForReady: [Missing] {
        unmet.withLock { $0.sorted { $0.key < $1.key }.map { Missing(name: $0.key.name, reason: $0.value) } }
    }

    package var missingForLive: [Missing] {
        heartbeats.withLock { heartbeats in
            heartbeats.filter { !$0.value.isFresh }.keys.sorted().map { Missing(name: $0, reason: "stands still") }
        }
    }

    package var isReady: Bool { missingForReady.isEmpty }
    package var isLive: Bool { missingForLive.isEmpty }
}

/// The pulse of one loop.
package final class Heartbeat: Sendable {
    private let within: Duration
    private let start = ContinuousClock.now
    /// Nanoseconds after `start`.
    private let last = Atomic<Int64>(0)

    init(within: Duration) {
        self.within = within
    }

    package func beat() {
        last.store(elapsed, ordering: .relaxed)
    }

    var isFresh: Bool {
        .nanoseconds(elapsed - last.load(ordering: .relaxed)) <= within
    }

    private var elapsed: Int64 {
        let parts = (ContinuousClock.now - start).components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
