import Settings
import Testing

@Suite("Settings reader")
struct SettingsReaderTests {
    @Test(
        "a duration is a number and a unit",
        arguments: [
            ("24h", 86_400), ("60s", 60), ("5m", 300), ("1d", 86_400), ("3653d", 315_619_200), ("0s", 0), ("007s", 7),
        ] as [(String, Int64)]
    )
    func durations(text: String, seconds: Int64) {
        #expect(parseDuration(text) == .seconds(seconds))
    }

    @Test(
        "what is no duration is none",
        arguments: ["", "s", "24", "24 h", "-1s", "+1s", "1.5h", "1w", "999999999d", "3654d", "٣s", "1sm"]
    )
    func noDurations(text: String) {
        #expect(parseDuration(text) == nil)
    }

    @Test("every mistake is reported, in one line each, and no value is quoted")
    func collectsMistakes() {
        var reader = SettingsReader(environment: ["B": "hunter2", "C": "hunter2", "D": "hunter2", "E": "9,,hunter2"])
        _ = reader.required("A")
        _ = reader.duration("B", default: .seconds(1))
        _ = reader.integer("C", default: 1, in: 1...9)
        let format: ObservationSettings.LogFormat = reader.choice("D", default: .text)
        _ = reader.limits("E", default: [])
        #expect(format == .text)
        let error = #expect(throws: SettingsError.self) { try reader.finish() }
        #expect(error?.mistakes.count == 5)
        #expect(error?.mistakes.first == "A: required")
        #expect(error?.mistakes.contains("D: one of json, text") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("an empty setting is absent")
    func emptyIsAbsent() throws {
        var reader = SettingsReader(environment: ["A": "", "B": ""])
        #expect(reader.optional("A") == nil)
        #expect(reader.duration("B", default: .seconds(7)) == .seconds(7))
        try reader.finish()
    }

    @Test("limits are counts over durations")
    func limits() throws {
        var reader = SettingsReader(environment: ["A": "5/15m, 20/24h", "B": "none"])
        let limits = [SendLimit(count: 5, window: .seconds(900)), SendLimit(count: 20, window: .seconds(86_400))]
        #expect(reader.limits("A", default: []) == limits)
        #expect(reader.limits("B", default: limits).isEmpty)
        #expect(reader.limits("C", default: limits) == limits)
        try reader.finish()
    }

    @Test(
        "a limit needs a count above 0 and a duration",
        arguments: ["5", "0/1s", "5/0s", "-1/1s", "5/1s/1", "/1s", "x/1s"]
    )
    func badLimits(text: String) {
        #expect(SendLimit(text: text) == nil)
    }
}
