/// The 7-bit default alphabet of GSM (3GPP TS 23.038 §6.2.1) and its extension table (§6.2.1.1).
package enum GSMAlphabet {
    /// What announces a septet of the extension table.
    package static let escape: UInt8 = 0x1B

    /// The septets of a text, one to an octet; nil where the alphabet lacks a character.
    package static func septets(_ text: String) -> [UInt8]? {
        var septets: [UInt8] = []
        septets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard append(scalar, to: &septets) else { return nil }
        }
        return septets
    }

    /// The text of septets, one to an octet; nil for what is no septet, or an escape that no character follows.
    package static func text(_ septets: some Sequence<UInt8>) -> String? {
        var text = String.UnicodeScalarView()
        var isEscaped = false
        for septet in septets {
            guard septet < 0x80 else { return nil }
            if isEscaped {
                guard let scalar = extended.first(where: { $0.septet == septet })?.scalar else { return nil }
                text.append(scalar)
                isEscaped = false
            } else if septet == escape {
                isEscaped = true
            } else {
                text.append(basic[Int(septet)])
            }
        }
        return isEscaped ? nil : String(text)
    }

    /// Adds a character's one or two septets; false where it has none.
    static func append(_ scalar: Unicode.Scalar, to septets: inout [UInt8]) -> Bool {
        if let septet = codes[scalar] {
            septets.append(septet)
        } else if let septet = extended.first(where: { $0.scalar == scalar })?.septet {
            septets.append(escape)
            septets.append(septet)
        } else {
            return false
        }
        return true
    }

    /// In the order of their codes, 0x00 to 0x7F; the escape stands where it is, for its place only.
    private static let basic = Array(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1B}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars
    )

    private static let codes: [Unicode.Scalar: UInt8] = {
        var codes: [Unicode.Scalar: UInt8] = [:]
        for (code, scalar) in basic.enumerated() where UInt8(code) != escape { codes[scalar] = UInt8(code) }
        return codes
    }()

    private static let extended: [(scalar: Unicode.Scalar, septet: UInt8)] = [
        ("\u{0C}", 0x0A), ("^", 0x14), ("{", 0x28), ("}", 0x29), ("\\", 0x2F), ("[", 0x3C), ("~", 0x3D), ("]", 0x3E),
        ("|", 0x40), ("€", 0x65),
    ]
}
