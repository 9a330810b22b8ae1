/// A duration as settings write it: digits and `s`, `m`, `h` or `d`; nil for anything else, or beyond ten years.
package func parseDuration(_ text: some StringProtocol) -> Duration? {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let last = text.last, let unit = units[last] else { return nil }
    let digits = text.dropLast()
    guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }),
        let number = Int64(digits), number * unit <= 3_653 * 86_400
    else { return nil }
    return .seconds(number * unit)
}

func trimBlanks(_ text: Substring) -> String {
    var rest = text
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
}
