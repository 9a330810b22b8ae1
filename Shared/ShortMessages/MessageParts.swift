/// A text as one SMS or as the parts of a long one, coded as SMPP and most gateways want it.
///
/// The default alphabet is used wherever the text fits it: one septet to an octet, as SMPP carries it; the SMSC packs
/// them. Else UCS-2, big-endian: in fact UTF-16, which is what telephones read (a character beyond the BMP is a pair).
package struct MessageParts: Equatable, Sendable {
    /// TS 23.038 §4; also the value of SMPP's `data_coding`.
    package enum Coding: UInt8, Sendable {
        case gsm = 0x00
        case ucs2 = 0x08

        /// Units of a message that is alone: 160 septets or 70 UTF-16 units.
        package var unitsAlone: Int { self == .gsm ? 160 : 70 }
        /// Units of a part that has a concatenation header of 6 octets before it.
        package var unitsInPart: Int { self == .gsm ? 153 : 67 }

        fileprivate var unitSize: Int { self == .gsm ? 1 : 2 }
    }

    package let coding: Coding
    /// Each part's text without a header; one at least, and empty only where the text is.
    package let bodies: [[UInt8]]

    /// The header can count no more.
    package static let maxParts = 255

    /// Splits between characters: neither an escape from its septet nor a surrogate from its pair.
    package init(_ text: String) {
        coding = GSMAlphabet.septets(text) == nil ? .ucs2 : .gsm
        bodies = Self.split(text, coding)
    }

    /// How many SMS a text takes.
    package static func count(_ text: String) -> Int {
        MessageParts(text).bodies.count
    }

    /// What goes into each message: the text alone, or after a concatenation header (TS 23.040 §9.2.3.24.1) with an
    /// 8-bit reference, which says what belongs together. Nil where there are more parts than the header can count.
    package func userData(reference: UInt8) -> [[UInt8]]? {
        guard bodies.count > 1 else { return bodies }
        guard bodies.count <= Self.maxParts else { return nil }
        return bodies.enumerated().map { index, body in
            [0x05, 0x00, 0x03, reference, UInt8(bodies.count), UInt8(index + 1)] + body
        }
    }

    private static func split(_ text: String, _ coding: Coding) -> [[UInt8]] {
        let characters = text.unicodeScalars.map { octets($0, coding) }
        let whole = characters.reduce(0) { $0 + $1.count }
        guard whole > coding.unitsAlone * coding.unitSize else { return [Array(characters.joined())] }
        let room = coding.unitsInPart * coding.unitSize
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        for character in characters {
            if part.count + character.count > room {
                parts.append(part)
                part = []
            }
            part += character
        }
        parts.append(part)
        return parts
    }

    private static func octets(_ scalar: Unicode.Scalar, _ coding: Coding) -> [UInt8] {
        var octets: [UInt8] = []
        switch coding {
        case .gsm: _ = GSMAlphabet.append(scalar, to: &octets)
        case .ucs2:
            for unit in String(scalar).utf16 {
                octets.append(UInt8(unit >> 8))
                octets.append(UInt8(unit & 0xFF))
            }
        }
        return octets
    }
}
