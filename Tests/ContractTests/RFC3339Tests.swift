import Contract
import Testing
import TokenCore

@Suite("RFC 3339")
struct RFC3339Tests {
    @Test(
        "a date and time with zone is read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
            ("2026-11-24T10:00:00.000Z", 1_795_514_400_000_000), ("2026-11-24T12:00:00+02:00", 1_795_514_400_000_000),
            ("2026-11-24T04:30:00-05:30", 1_795_514_400_000_000), ("2026-11-24t10:00:00z", 1_795_514_400_000_000),
            ("2026-11-24T10:00:00.123456789Z", 1_795_514_400_123_456),
            ("2026-11-24T10:00:00.1Z", 1_795_514_400_100_000),
            ("2026-11-24T10:00:00-00:00", 1_795_514_400_000_000), ("2000-02-29T00:00:00Z", 951_782_400_000_000),
            ("2024-02-29T23:59:59+23:59", 1_709_164_859_000_000), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999999Z", 253_402_300_799_999_999),
            ("2016-12-31T23:59:60Z", 1_483_228_799_999_999), ("1990-12-31T15:59:60-08:00", 662_687_999_999_999),
            ("2016-12-31T23:59:60.5Z", 1_483_228_799_999_999),
        ] as [(String, Int64)]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(Instant(rfc3339: text)?.microseconds == microseconds)
        #expect(Instant(rfc3339: text[...]) == Instant(rfc3339: text))
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2026-11-24", "2026-11-24T10:00:00", "2026-11-24 10:00:00Z", "2026-11-24T10:00Z",
            "2026-11-24T10:00:00.Z",
            "2026-11-24T10:00:00,5Z", "2026-11-24T10:00:00.1234567890Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-00T00:00:00Z",
            "2026-11-24T24:00:00Z", "2026-11-24T10:60:00Z", "2026-11-24T10:00:61Z", "2026-11-24T10:00:60Z",
            "2026-11-24T23:59:60+01:00", "2026-11-24T10:00:00+24:00", "2026-11-24T10:00:00+02:60",
            "2026-11-24T10:00:00+0200", "2026-11-24T10:00:00+02", "2026-11-24T10:00:00Z ", " 2026-11-24T10:00:00Z",
            "2026-11-24T10:00:00ZZ", "0000-12-31T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
            "26-11-24T10:00:00Z", "+2026-11-24T10:00:00Z", "12026-11-24T10:00:00Z", "20261124T100000Z",
            "2026-1-4T10:00:00Z",
            "２026-11-24T10:00:00Z", "1795514400", "2026-W48-2T10:00:00Z", "2026-11-24T10:00:00\u{0}Z",
        ]
    )
    func refuses(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test(
        "an instant is written in UTC with milliseconds, cut",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (1_999, "1970-01-01T00:00:00.001Z"),
            (1_795_514_400_999_999, "2026-11-24T10:00:00.999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (253_402_300_799_000_000, "9999-12-31T23:59:59.000Z"), (.max, "9999-12-31T23:59:59.999Z"),
            (.min, "0001-01-01T00:00:00.000Z"), (-2_203_891_200_000_000, "1900-03-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func writes(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).rfc3339 == text)
    }

    @Test("an end that never comes is written as the contract writes it")
    func never() {
        #expect(Instant.never.rfc3339 == "9999-12-31T23:59:59.000Z")
    }

    @Test("every day from 1600 to 2400 is followed by the next, and each is read back")
    func calendar() {
        var previous = ""
        for day in Int64(-135_140)..<157_054 {
            let instant = Instant(seconds: day * 86_400)
            let text = instant.rfc3339
            let isNext = text > previous && Instant(rfc3339: text) == instant
            if !isNext { Issue.record("day \(day): \(text) after \(previous)") }
            previous = text
        }
    }

    @Test("any instant of those years survives writing and reading, to the millisecond")
    func roundTrip() {
        var random = SeededRandom()
        for _ in 0..<20_000 {
            let instant = Instant(
                milliseconds: Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &random)
            )
            #expect(Instant(rfc3339: instant.rfc3339) == instant, "\(random)")
        }
    }
}
