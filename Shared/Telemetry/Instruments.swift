import Synchronization

/// A number that only grows. Safe from any thread; one atomic addition a call.
package final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    package func increment(by amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    package var value: Int { count.load(ordering: .relaxed) }
}

/// A number that goes up and down. Safe from any thread.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    package func set(_ value: Int) {
        set(Double(value))
    }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Counts observations by size. Safe from any thread; two atomic additions and a search among the bounds a call.
package final class Histogram: Sendable {
    private final class Cell: Sendable {
        let count = Atomic<Int>(0)
    }

    /// Upper bounds, ascending, without the last one, which is infinite.
    let bounds: [Double]
    private let cells: [Cell]
    private let sumBits = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        self.bounds = bounds
        cells = (0...bounds.count).map { _ in Cell() }
    }

    package func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        cells[index].count.wrappingAdd(1, ordering: .relaxed)
        var old = sumBits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + value).bitPattern
            let (exchanged, seen) = sumBits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = seen
        }
    }

    /// In seconds.
    package func observe(_ duration: Duration) {
        let parts = duration.components
        observe(Double(parts.seconds) + Double(parts.attoseconds) * 1e-18)
    }

    /// Observations in each bucket, not cumulated.
    var counts: [Int] { cells.map { $0.count.load(ordering: .relaxed) } }
    var sum: Double { Double(bitPattern: sumBits.load(ordering: .relaxed)) }
}
