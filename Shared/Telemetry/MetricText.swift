/// Writes metrics in Prometheus' text exposition format 0.0.4.
struct MetricText {
    private(set) var text = ""

    mutating func append(_ family: Family) {
        guard !family.series.isEmpty else { return }
        text += "# HELP \(family.name) \(escape(family.help, quotes: false))\n"
        text += "# TYPE \(family.name) \(family.type)\n"
        let ordered = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (values, instrument) in ordered {
            let labels = zip(family.labels, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }
            switch instrument {
            case let counter as Counter: line(family.name, labels, "\(counter.value)")
            case let gauge as Gauge: line(family.name, labels, number(gauge.value))
            case let histogram as Histogram: append(histogram, name: family.name, labels: labels)
            default: break
            }
        }
    }

    private mutating func append(_ histogram: Histogram, name: String, labels: [String]) {
        let counts = histogram.counts
        var total = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
            line("\(name)_bucket", labels + ["le=\"\(bound)\""], "\(total)")
        }
        line("\(name)_sum", labels, number(histogram.sum))
        // The same counts as the buckets: an observation in between must not make them disagree.
        line("\(name)_count", labels, "\(total)")
    }

    private mutating func line(_ name: String, _ labels: [String], _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels.joined(separator: ","))} \(value)\n"
    }

    private func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int(exactly: value) { return "\(whole)" }
        return "\(value)"
    }

    private func escape(_ value: String, quotes: Bool) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
