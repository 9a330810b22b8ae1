import Foundation

/// The figures of a run, and their ratio to the floor.
struct Report {
    let single: VerificationLoad.Figures
    let saturated: VerificationLoad.Figures
    let usage: CPUUsage
    let floorSingle: Double
    let floorSaturated: Double

    func print() {
        let count = Double(saturated.accepted + saturated.refused)
        func line(_ name: String, _ value: String, _ floor: String = "", _ ratio: String = "") {
            let columns = [name.padded(34), value.padded(16), floor.padded(16), ratio]
            Swift.print(columns.joined().trimmingCharacters(in: .whitespaces))
        }
        func number(_ value: Double, _ digits: Int = 0) -> String { String(format: "%.\(digits)f", value) }
        line("otp.verify", "measured", "floor", "ratio")
        line(
            "one at a time, commands/s",
            number(single.perSecond),
            number(floorSingle),
            number(single.perSecond / floorSingle, 2)
        )
        line("one at a time, p50 / p99 ms", "\(number(single.percentile(0.5), 2)) / \(number(single.percentile(0.99), 2))")
        line(
            "at saturation, commands/s",
            number(saturated.perSecond),
            number(floorSaturated),
            number(saturated.perSecond / floorSaturated, 2)
        )
        line(
            "at saturation, p50 / p99 ms",
            "\(number(saturated.percentile(0.5), 1)) / \(number(saturated.percentile(0.99), 1))"
        )
        line("verifier CPU, µs a command", number(usage.verifier / count * 1e6, 1))
        line("PostgreSQL CPU, µs a command", number(usage.postgres / count * 1e6, 1))
        line("broker and relay CPU, µs a command", number(usage.broker / count * 1e6, 1))
        line("accepted / refused", "\(single.accepted + saturated.accepted) / \(single.refused + saturated.refused)")
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String {
        count >= width ? self + " " : self + String(repeating: " ", count: width - count)
    }
}
