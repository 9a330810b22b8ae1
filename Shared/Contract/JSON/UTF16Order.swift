/// The order of strings by UTF-16 code units (RFC 8785 §3.2.3), found in their UTF-8.
enum UTF16Order {
    /// Whether `left` stands before `right`; equal strings don't.
    static func precedes(_ left: String, _ right: String) -> Bool {
        var (left, right) = (left, right)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                for (leftByte, rightByte) in zip(left, right) where leftByte != rightByte {
                    return precedes(leftByte, rightByte)
                }
                return left.count < right.count
            }
        }
    }

    /// UTF-8 sorts by scalar, UTF-16 too but for one thing: what is beyond U+FFFF (F0 and up) is written with surrogates
    /// and so comes before U+E000–U+FFFF (EE and EF).
    private static func precedes(_ left: UInt8, _ right: UInt8) -> Bool {
        if left >= 0xEE, right >= 0xEE, (left >= 0xF0) != (right >= 0xF0) { return left >= 0xF0 }
        return left < right
    }
}
