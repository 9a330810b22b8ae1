/// Numbers as ECMAScript's `Number::toString` prints them in base 10 (ECMA-262 §6.1.6.1.20).
enum ECMAScriptNumber {
    /// `null` for a number that is not finite, which no JSON text holds.
    static func text(of number: Double) -> String {
        guard number.isFinite else { return "null" }
        guard number != 0 else { return "0" }
        let (digits, point) = shortestDigits(of: number.magnitude)
        let sign = number < 0 ? "-" : ""
        let count = digits.utf8.count
        switch point {
        case count...21 where count <= 21:
            return sign + digits + String(repeating: "0", count: point - count)
        case 1...21:
            let split = digits.utf8.index(digits.startIndex, offsetBy: point)
            return sign + digits[..<split] + "." + digits[split...]
        case -5...0:
            return sign + "0." + String(repeating: "0", count: -point) + digits
        default:
            let exponent = point - 1
            let fraction = digits.dropFirst()
            let mantissa = digits.prefix(1) + (fraction.isEmpty ? "" : ".") + fraction
            return sign + mantissa + (exponent < 0 ? "e-" : "e+") + String(exponent.magnitude)
        }
    }

    /// The fewest digits that name this double and no other, and where the decimal point stands before them:
    /// 0.digits × 10^point. The standard library prints those digits, in another layout.
    private static func shortestDigits(of magnitude: Double) -> (digits: String, point: Int) {
        var digits: [UInt8] = []
        var point = 0
        var isFraction = false
        var exponent: Substring = "0"
        let text = magnitude.description
        scan: for index in text.utf8.indices {
            switch text.utf8[index] {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"):
                exponent = text[text.utf8.index(after: index)...]
                break scan
            case let digit:
                if digit == UInt8(ascii: "0"), digits.isEmpty {
                    if isFraction { point -= 1 }
                } else {
                    digits.append(digit)
                    if !isFraction { point += 1 }
                }
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (String(decoding: digits, as: UTF8.self), point + (Int(exponent) ?? 0))
    }
}
