/// The fields of an `application/x-www-form-urlencoded` body, in their order (WHATWG URL §5.1).
struct FormFields {
    let pairs: [(name: String, value: String)]

    /// nil for what is no UTF-8, is wrongly escaped or has more fields than any provider sends.
    init?(_ body: [UInt8]) {
        let parts = body.split(separator: UInt8(ascii: "&"))
        guard parts.count <= 200 else { return nil }
        var pairs: [(name: String, value: String)] = []
        for part in parts {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = Self.decoded(part[..<equals]), let value = Self.decoded(part[equals...].dropFirst()) else {
                return nil
            }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}
