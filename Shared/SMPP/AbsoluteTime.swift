/// A point in time as `validity_period` has it (7.1.1.1): `YYMMDDhhmmsstnnp` in UTC, that is with `000+` at its end.
///
/// - Parameter seconds: since 1970-01-01T00:00:00Z.
/// - Returns: nil outside the years 2000 to 2099: two digits tell no more.
package func absoluteTime(_ seconds: Int64) -> String? {
    guard (946_684_800..<4_102_444_800).contains(seconds) else { return nil }
    let (day, ofDay) = (seconds / 86_400, seconds % 86_400)
    // Days to civil date, after Hinnant: years begin in March. The range needs no era but one or two, all positive.
    let shifted = day + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let fields = [year % 100, month, dayOfMonth, ofDay / 3_600, ofDay / 60 % 60, ofDay % 60]
    return fields.map { ($0 < 10 ? "0" : "") + String($0) }.joined() + "000+"
}
