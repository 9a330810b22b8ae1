import Contract
import Foundation

/// The figures as text: figure and, where it was measured, floor and ratio.
struct Table {
    private var lines: [String] = []

    init(_ figure: Measurement, floor: Measurement?) {
        if let floor { add("", figure.name, floor.name, "ratio") } else { add("", figure.name) }
        add("one in flight", figure, floor, \.single)
        add("saturation", figure, floor, \.saturated)
    }

    var text: String { lines.joined(separator: "\n") }

    private mutating func add(
        _ title: String,
        _ figure: Measurement,
        _ floor: Measurement?,
        _ path: KeyPath<Measurement, Phase>
    ) {
        let (ours, bare) = (figure[keyPath: path], floor?[keyPath: path])
        lines.append("\(title): \(ours.load.count) commands, replies \(Self.sizes(figure)) bytes")
        row("commands/s", ours.load.rate, bare?.load.rate)
        row("latency p50, ms", ours.load.percentile(0.5), bare?.load.percentile(0.5))
        row("latency p99, ms", ours.load.percentile(0.99), bare?.load.percentile(0.99))
        for group in Group.all {
            guard let mine = ours.cpu[group] else { continue }
            row("CPU of \(group), µs/command", mine, bare?.cpu[group])
        }
        func sum(_ phase: Phase) -> Double {
            [Group.worker, Group.backend].reduce(0) { $0 + (phase.cpu[$1] ?? 0) }
        }
        row("CPU of worker and backend, µs/command", sum(ours), bare.map(sum))
        if let size = ours.batchSize { add("  records in a batch", Self.number(size)) }
    }

    private mutating func row(_ title: String, _ figure: Double, _ floor: Double?) {
        guard let floor else { return add("  " + title, Self.number(figure)) }
        add("  " + title, Self.number(figure), Self.number(floor), floor == 0 ? "" : Self.number(figure / floor))
    }

    private mutating func add(_ title: String, _ columns: String...) {
        var line = title.padding(toLength: 46, withPad: " ", startingAt: 0)
        for column in columns { line += String(repeating: " ", count: max(1, 12 - column.count)) + column }
        lines.append(line)
    }

    private static func sizes(_ measurement: Measurement) -> String {
        measurement.specimens.map { "\($0.value?.count ?? 0)" }.joined(separator: " + ")
    }

    private static func number(_ value: Double) -> String {
        String(format: abs(value) >= 1_000 ? "%.0f" : abs(value) >= 10 ? "%.1f" : "%.2f", value)
    }
}
