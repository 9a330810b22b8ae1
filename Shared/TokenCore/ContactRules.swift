/// Which phone numbers and e-mail addresses are taken (contract section 5). Nothing is normalised: what is stored is
/// what was given, byte for byte, so one address has one spelling for every limit and look-up.
package enum ContactRules {
    /// Exactly `+[1-9][0-9]{6,14}`: E.164 in international form.
    package static func isPhone(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (8...16).contains(bytes.count)
            && bytes[0] == UInt8(ascii: "+")
            && (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(bytes[1])
            && bytes[2...].allSatisfy(\.isDigit)
    }

    /// An RFC 5321 mailbox of at most 254 bytes: a dot-atom of ASCII before the `@`, a fully qualified domain of
    /// A-labels after it. Quoted local parts and address literals are refused, and with them every blank, control
    /// character and bracket that could reach a header (CWE-93) or look like another address (CVE-2019-19844).
    package static func isEmail(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 254, let at = bytes.firstIndex(of: UInt8(ascii: "@")) else { return false }
        return isLocalPart(bytes[..<at]) && isDomain(bytes[(at + 1)...])
    }

    /// RFC 5321 §4.5.3.1.1: at most 64 octets.
    private static func isLocalPart(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (1...64).contains(bytes.count) else { return false }
        return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy(\.isAtomText)
        }
    }

    /// RFC 5321 §2.3.5: fully qualified; RFC 1035 §2.3.1 for the labels. A top label of digits would be an address.
    private static func isDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard bytes.count <= 253, labels.count >= 2, let top = labels.last, !top.allSatisfy(\.isDigit) else {
            return false
        }
        let hyphen = UInt8(ascii: "-")
        return labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                && label.allSatisfy { $0.isLetter || $0.isDigit || $0 == hyphen }
        }
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }

    /// `atext` of RFC 5322 §3.2.3.
    fileprivate var isAtomText: Bool { isLetter || isDigit || "!#$%&'*+-/=?^_`{|}~".utf8.contains(self) }
}
