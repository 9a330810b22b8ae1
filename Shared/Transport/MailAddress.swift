/// An address that may stand in `MAIL FROM:<…>` and `RCPT TO:<…>`, where libcurl puts it unchecked.
///
/// RFC 5321 §4.1.2, less what could be read as something else there: no quoted local part, no blank, no control
/// character, no `<`, `>`, `"`, `\`; ASCII only (no SMTPUTF8); the domain as A-labels; at most 254 bytes.
package struct MailAddress: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package let text: String
    package let domain: String

    /// nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard (3...254).contains(bytes.count), let at = bytes.firstIndex(of: UInt8(ascii: "@")),
            bytes.lastIndex(of: UInt8(ascii: "@")) == at, (1...64).contains(at),
            bytes[..<at].allSatisfy(isLocal), isDomain(bytes[(at + 1)...])
        else { return nil }
        self.text = text
        domain = String(decoding: bytes[(at + 1)...], as: UTF8.self)
    }

    /// An address is personal data: it is not shown by accident.
    package var description: String { "‹address›" }
    package var debugDescription: String { description }
}

/// A name for people and an address: `Example <no-reply@example.org>`, or the address alone.
package struct Mailbox: Hashable, Sendable {
    package let name: String?
    package let address: MailAddress

    package init(name: String? = nil, address: MailAddress) {
        self.name = name
        self.address = address
    }

    /// nil for anything that isn't of this shape, or whose name has a control character.
    package init?(_ text: String) {
        guard let open = text.firstIndex(of: "<") else {
            guard let address = MailAddress(text) else { return nil }
            self.init(address: address)
            return
        }
        guard text.last == ">" else { return nil }
        let inner = text[text.index(after: open)...].dropLast()
        var name = text[..<open]
        while name.last == " " { name.removeLast() }
        while name.first == " " { name.removeFirst() }
        if name.count >= 2, name.first == "\"", name.last == "\"" { name = name.dropFirst().dropLast() }
        guard let address = MailAddress(String(inner)), isOneLine(name) else { return nil }
        self.init(name: name.isEmpty ? nil : String(name), address: address)
    }
}

/// RFC 5322 §3.2.3 `atext` and the dot.
private func isLocal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "!#$%&'*+-/=?^_`{|}~.".utf8.contains(byte)
    }
}

/// Labels of 1-63 letters, digits and hyphens, no hyphen at either end; RFC 1035 §2.3.1.
private func isDomain(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.count <= 253
        && bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
}
