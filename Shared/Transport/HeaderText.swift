/// Whether text can't begin a second line anywhere: no C0 or C1 control, no DEL, no U+2028, U+2029.
package func isOneLine(_ text: some StringProtocol) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: false
        default: true
        }
    }
}

/// RFC 9110 §5.6.2: what a header's or a method's name is made of.
func isToken(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
}

/// Unstructured text of a mail header: as it is where it is short printable ASCII, else RFC 2047 encoded words,
/// folded so that no line is too long.
/// - Precondition: `isOneLine(text)`.
func encodedHeaderText(_ text: String) -> String {
    let plain = text.utf8.count <= 60 && !text.contains("=?") && text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
    return plain ? text : encodedWords(text)
}

/// A display name: a quoted string (RFC 5322 §3.2.4), or encoded words.
func encodedDisplayName(_ name: String) -> String {
    guard name.utf8.count <= 60, !name.contains("=?"), name.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
        return encodedWords(name)
    }
    return "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
}

/// RFC 2047 §4.1 (`B`), split between characters; each word is at most 75 long.
private func encodedWords(_ text: String) -> String {
    var words: [String] = []
    var chunk: [UInt8] = []
    func close() {
        guard !chunk.isEmpty else { return }
        words.append("=?utf-8?B?\(base64(chunk))?=")
        chunk = []
    }
    for scalar in text.unicodeScalars {
        let bytes = Array(String(scalar).utf8)
        // 45 bytes are 60 characters of Base64.
        if chunk.count + bytes.count > 45 { close() }
        chunk += bytes
    }
    close()
    return words.joined(separator: "\r\n ")
}

private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var word: UInt32 = 0
        for byte in group { word = word << 8 | UInt32(byte) }
        word <<= UInt32(8 * (3 - group.count))
        for index in 0..<4 {
            let six = Int(word >> UInt32(18 - 6 * index) & 63)
            text.append(index <= group.count ? alphabet[six] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
