/// The guard against numbers at which nobody verifies.
///
/// ## Settings
/// - `PUMPING_GUARD`: `off`, `dry-run` or `enforce`; `dry-run`
/// - `PUMPING_WINDOW`: `1h`; at most `7d`
/// - `PUMPING_MINIMUM_SENT`: `50`; messages to a prefix below which nothing is judged
/// - `PUMPING_MINIMUM_PERCENT`: `10`; verified messages of 100 below which a prefix may be suspect
package struct PumpingSettings: Hashable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        case off
        case dryRun = "dry-run"
        case enforce
    }

    package let mode: Mode
    package let window: Duration
    package let minimumSent: Int
    package let minimumPercent: Int

    package init(_ reader: inout SettingsReader) {
        mode = reader.choice("PUMPING_GUARD", default: .dryRun)
        window = reader.duration("PUMPING_WINDOW", default: .seconds(3_600))
        minimumSent = reader.integer("PUMPING_MINIMUM_SENT", default: 50, in: 1...1_000_000)
        minimumPercent = reader.integer("PUMPING_MINIMUM_PERCENT", default: 10, in: 1...100)
        if window > .seconds(7 * 86_400) { reader.refuse("PUMPING_WINDOW", "at most 7d") }
    }
}
