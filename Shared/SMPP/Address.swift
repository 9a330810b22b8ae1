/// A telephone number or a name, with its type of number and numbering plan (5.2.5, 5.2.6).
package struct Address: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    package struct Kind: Equatable, Sendable {
        /// Type of number.
        package let ton: UInt8
        /// Numbering plan indicator.
        package let npi: UInt8

        package init(ton: UInt8, npi: UInt8) {
            self.ton = ton
            self.npi = npi
        }

        package static let unknown = Kind(ton: 0, npi: 0)
        package static let international = Kind(ton: 1, npi: 1)
        /// A short code of the operator's network.
        package static let networkSpecific = Kind(ton: 3, npi: 0)
        package static let alphanumeric = Kind(ton: 5, npi: 0)
    }

    package let kind: Kind
    package let text: String

    package init(kind: Kind, text: String) {
        self.kind = kind
        self.text = text
    }

    /// A number of E.164 with its `+`, which SMPP leaves out; nil for anything else.
    package init?(international number: String) {
        let digits = number.utf8.dropFirst()
        guard number.utf8.first == UInt8(ascii: "+"), (7...15).contains(digits.count), digits.allSatisfy(isDigit),
            digits.first != UInt8(ascii: "0")
        else { return nil }
        self.init(kind: .international, text: String(number.dropFirst()))
    }

    /// Who a message is from: `+` and digits are an international number, digits alone a short code, anything else a
    /// name of at most 11 characters that ASCII and the default alphabet share. Nil for what is none of them.
    package init?(source: String) {
        if source.utf8.first == UInt8(ascii: "+") {
            self.init(international: source)
        } else if (3...15).contains(source.utf8.count), source.utf8.allSatisfy(isDigit) {
            self.init(kind: .networkSpecific, text: source)
        } else if (1...11).contains(source.utf8.count), source.utf8.first != 0x20, source.utf8.last != 0x20,
            source.utf8.allSatisfy(isNameCharacter), source.utf8.contains(where: { !isDigit($0) })
        {
            self.init(kind: .alphanumeric, text: source)
        } else {
            return nil
        }
    }

    /// Personal data: not shown by accident.
    package var description: String { "‹address›" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}

/// The address is a C string, and what its octets mean beyond ASCII depends on the SMSC; of ASCII the default alphabet
/// lacks the grave accent, and the extension table does not fit a name's septets.
private func isNameCharacter(_ byte: UInt8) -> Bool {
    (0x20..<0x7F).contains(byte) && !"`^{}[]\\~|".utf8.contains(byte)
}
