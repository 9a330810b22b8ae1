/// Writes a mail as it goes on the wire: RFC 5322 headers and the text in quoted-printable (RFC 2045 §6.7), beside it its HTML form,
/// CR LF everywhere. libcurl sends header lines unchecked, so nothing is joined here that has not been judged.
struct MailMessage {
    /// - Throws: `invalidInput` naming the field.
    static func bytes(of mail: MailSubmission) throws(TransportError) -> [UInt8] {
        guard isOneLine(mail.subject), mail.subject.utf8.count <= 1_000 else {
            throw TransportError(.invalidInput("subject"))
        }
        guard mail.from.name.map({ isOneLine($0) && $0.utf8.count <= 200 }) ?? true else {
            throw TransportError(.invalidInput("from"))
        }
        guard isToken(mail.messageID), mail.messageID.utf8.count <= 100 else {
            throw TransportError(.invalidInput("messageID"))
        }
        let address = mail.from.address.text
        let from = mail.from.name.map { "\(encodedDisplayName($0)) <\(address)>" } ?? address
        let headers = [
            "Date: \(mailDate(mail.date))",
            "From: \(from)",
            "To: \(mail.recipient.text)",
            "Subject: \(encodedHeaderText(mail.subject))",
            "Message-ID: <\(mail.messageID)@\(mail.from.address.domain)>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
        guard let html = mail.html else { return bytes(headers + partHeaders("plain")) + quotedPrintable(mail.text) }
        // `=_` can't occur in quoted-printable text (RFC 2045 §6.7).
        let boundary = "=_\(mail.messageID)"
        var mailBytes = bytes(headers + ["Content-Type: multipart/alternative; boundary=\"\(boundary)\""])
        for (subtype, text) in [("plain", mail.text), ("html", html)] {
            mailBytes += bytes(["--\(boundary)"] + partHeaders(subtype)) + quotedPrintable(text)
        }
        return mailBytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func partHeaders(_ subtype: String) -> [String] {
        ["Content-Type: text/\(subtype); charset=utf-8", "Content-Transfer-Encoding: quoted-printable"]
    }

    /// Header lines and the empty line after them.
    private static func bytes(_ headers: [String]) -> [UInt8] {
        Array((headers.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}

/// RFC 5322 §3.3, in UTC.
func mailDate(_ seconds: Int64) -> String {
    let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let second = seconds - day * 86_400
    // Days to civil date, after Hinnant: years begin in March.
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))"
    let date = "\(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1) \(names[Int(month - 1)]) \(year)"
    return "\(weekdays[Int(((day % 7) + 7) % 7)]), \(date) \(clock) +0000"
}

/// Lines of at most 76 characters; every kind of line end becomes CR LF; a dot at the start of a line is encoded,
/// so that no relay needs to stuff it.
func quotedPrintable(_ text: String) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    let crlf: [UInt8] = [13, 10]
    var output: [UInt8] = []
    for line in logicalLines(text) {
        var width = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let literal =
                switch byte {
                case UInt8(ascii: "="): false
                case UInt8(ascii: "."): width > 0
                case UInt8(ascii: " "), 9: !isLast
                case 33...126: true
                default: false
                }
            let unit = literal ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            if width + unit.count > 75 {
                output += [UInt8(ascii: "=")] + crlf
                width = 0
                if byte == UInt8(ascii: ".") {
                    output += Array("=2E".utf8)
                    width = 3
                    continue
                }
            }
            output += unit
            width += unit.count
        }
        output += crlf
    }
    return output
}

/// Split at CR LF, CR and LF; a line end at the very end begins no further line.
private func logicalLines(_ text: String) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var afterReturn = false
    for byte in text.utf8 {
        switch byte {
        case 13:
            lines.append(line)
            line = []
        case 10:
            if !afterReturn {
                lines.append(line)
                line = []
            }
        default: line.append(byte)
        }
        afterReturn = byte == 13
    }
    if !line.isEmpty { lines.append(line) }
    return lines
}
