package import TokenCore

extension Instant {
    /// Reads a date and time of RFC 3339 §5.6, zone included; nil for anything else.
    ///
    /// `T` and `Z` may be small letters, a space is no `T`. A fraction has 1 to 9 digits and is cut to microseconds.
    /// A leap second (`23:59:60` UTC) is read as the last microsecond before midnight. Years 0001 to 9999, also in UTC.
    package init?(rfc3339 text: some StringProtocol) {
        var text = String(text)
        let instant = text.withUTF8 { bytes in
            var reader = RFC3339Reader(bytes: bytes)
            return reader.instant()
        }
        guard let instant else { return nil }
        self = instant
    }

    /// `2026-11-24T10:00:00.000Z`: UTC with milliseconds, cut, not rounded; what lies outside the years 0001 to 9999
    /// is written as their first or last millisecond.
    package var rfc3339: String {
        let clamped = min(max(microseconds, Calendar.earliest), Calendar.latest)
        let milliseconds = Calendar.floorDivide(clamped, by: 1_000)
        let days = Calendar.floorDivide(milliseconds, by: 86_400_000)
        let ofDay = milliseconds - days * 86_400_000
        let (year, month, day) = Calendar.date(ofDay: days)
        return String(unsafeUninitializedCapacity: 24) { buffer in
            func write(_ number: Int64, digits: Int, at offset: Int) {
                var rest = number
                for position in stride(from: offset + digits - 1, through: offset, by: -1) {
                    buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            }
            write(year, digits: 4, at: 0)
            buffer[4] = UInt8(ascii: "-")
            write(month, digits: 2, at: 5)
            buffer[7] = UInt8(ascii: "-")
            write(day, digits: 2, at: 8)
            buffer[10] = UInt8(ascii: "T")
            write(ofDay / 3_600_000, digits: 2, at: 11)
            buffer[13] = UInt8(ascii: ":")
            write(ofDay / 60_000 % 60, digits: 2, at: 14)
            buffer[16] = UInt8(ascii: ":")
            write(ofDay / 1_000 % 60, digits: 2, at: 17)
            buffer[19] = UInt8(ascii: ".")
            write(ofDay % 1_000, digits: 3, at: 20)
            buffer[23] = UInt8(ascii: "Z")
            return 24
        }
    }
}

/// The proleptic Gregorian calendar, in whole days since 1970-01-01.
private enum Calendar {
    /// 0001-01-01T00:00:00Z, in microseconds.
    static let earliest: Int64 = -62_135_596_800_000_000
    /// 9999-12-31T23:59:59.999999Z, in microseconds.
    static let latest: Int64 = 253_402_300_799_999_999

    static func floorDivide(_ number: Int64, by divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number + 1) / divisor - 1
    }

    /// Days since the epoch; years begin in March inside, so that the leap day is a year's last.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func date(ofDay days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    static func daysInMonth(_ month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

private struct RFC3339Reader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func instant() -> Instant? {
        guard let year = number(digits: 4), year >= 1, take("-"),
            let month = number(digits: 2), (1...12).contains(month), take("-"),
            let day = number(digits: 2), day >= 1, day <= Calendar.daysInMonth(month, year: year),
            take("T") || take("t"),
            let hour = number(digits: 2), hour <= 23, take(":"),
            let minute = number(digits: 2), minute <= 59, take(":"),
            let second = number(digits: 2), second <= 60,
            let fraction = fraction(),
            let offset = offsetInMinutes(), position == bytes.count
        else { return nil }

        let minutes = Calendar.day(year: year, month: month, day: day) * 1_440 + hour * 60 + minute - offset
        var microseconds = minutes * 60_000_000
        if second == 60 {
            // Leap seconds end a UTC day and no other minute.
            guard Calendar.floorDivide(minutes + 1, by: 1_440) * 1_440 == minutes + 1 else { return nil }
            microseconds += 59_999_999
        } else {
            microseconds += second * 1_000_000 + fraction
        }
        guard (Calendar.earliest...Calendar.latest).contains(microseconds) else { return nil }
        return Instant(microseconds: microseconds)
    }

    /// Microseconds; 0 where there is no fraction.
    private mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        var microseconds: Int64 = 0
        var digits = 0
        while let digit = digit() {
            digits += 1
            if digits <= 6 { microseconds = microseconds * 10 + digit }
        }
        guard (1...9).contains(digits) else { return nil }
        while digits < 6 {
            microseconds *= 10
            digits += 1
        }
        return microseconds
    }

    private mutating func offsetInMinutes() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(digits: 2), hours <= 23, take(":"), let minutes = number(digits: 2), minutes <= 59
        else {
            return nil
        }
        return sign * (hours * 60 + minutes)
    }

    private mutating func number(digits: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else {
            return nil
        }
        position += 1
        return Int64(bytes[position - 1] - UInt8(ascii: "0"))
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
