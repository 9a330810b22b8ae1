import Synchronization

/// All that a process measures.
///
/// Look an instrument up once, keep it, and use it on the hot path: the look-up takes a lock, the instrument doesn't.
package final class MetricRegistry: Sendable {
    /// A label value from outside the closed sets, or one series too many, is counted under this.
    package static let other = "other"
    /// Series a metric may have: a mistake at a call site must not eat the memory.
    package static let maxSeries = 4_096

    private let families = Mutex<[String: Family]>([:])

    package init() {}

    package func counter(_ name: MetricName<Counter>, _ values: String...) -> Counter {
        instrument(name, "counter", values) { Counter() }
    }

    package func gauge(_ name: MetricName<Gauge>, _ values: String...) -> Gauge {
        instrument(name, "gauge", values) { Gauge() }
    }

    package func histogram(_ name: MetricName<Histogram>, _ values: String...) -> Histogram {
        instrument(name, "histogram", values) { Histogram(bounds: name.bounds) }
    }

    /// Takes a series out of the exposition, such as the lag of a partition that another worker has now.
    package func forget<Instrument>(_ name: MetricName<Instrument>, _ values: String...) {
        families.withLock { families in
            _ = families[name.name]?.series.removeValue(forKey: values)
        }
    }

    /// Prometheus text exposition format 0.0.4, ordered by name and label values.
    package func render() -> String {
        let families = families.withLock { Array($0.values) }
        var text = MetricText()
        for family in families.sorted(by: { $0.name < $1.name }) {
            text.append(family)
        }
        return text.text
    }

    private func instrument<Instrument: AnyObject & Sendable>(
        _ name: MetricName<Instrument>,
        _ type: String,
        _ values: [String],
        make: () -> Instrument
    ) -> Instrument {
        precondition(values.count == name.labels.count, "\(name.name) has \(name.labels.count) labels")
        return families.withLock { families in
            var family =
                families[name.name] ?? Family(name: name.name, help: name.help, type: type, labels: name.labels)
            var key = values.map { isLabelValue($0) ? $0 : Self.other }
            if family.series[key] == nil, family.series.count >= Self.maxSeries {
                key = values.map { _ in Self.other }
            }
            if let known = family.series[key] as? Instrument { return known }
            let made = make()
            family.series[key] = made
            families[name.name] = family
            return made
        }
    }
}

/// One metric with all its series.
struct Family: Sendable {
    let name: String
    let help: String
    let type: String
    let labels: [String]
    var series: [[String]: any AnyObject & Sendable] = [:]
}

/// Types, codes, topics and numbers look like this; user input mostly doesn't.
private func isLabelValue(_ value: String) -> Bool {
    value.utf8.count <= 249
        && value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
}
