import Foundation
import Logging

/// Writes one log record as one line, in JSON or as text; no value can begin another line.
struct LogLine {
    private(set) var bytes: [UInt8] = []

    /// `{"time":…,"level":…,"service.name":…,"message":…, metadata…}`
    static func json(_ record: LogRecord) -> [UInt8] {
        var line = LogLine()
        line.raw("{")
        line.quoted("time")
        line.raw(":")
        line.quoted(timestamp(record.seconds, record.milliseconds))
        line.member("level", record.level.rawValue)
        line.member(LogKey.service, record.service)
        line.member("message", record.message)
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            line.raw(",")
            line.quoted(key)
            line.raw(":")
            line.value(value)
        }
        line.raw("}\n")
        return line.bytes
    }

    /// `time LEVEL service: message key=value …`
    static func text(_ record: LogRecord) -> [UInt8] {
        var line = LogLine()
        line.raw(timestamp(record.seconds, record.milliseconds))
        line.raw(" \(record.level.rawValue.uppercased()) \(record.service): ")
        line.printable(record.message)
        for (key, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            line.raw(" ")
            line.printable(key)
            line.raw("=")
            let text = "\(value)"
            if text.contains(" ") || text.isEmpty { line.quoted(text) } else { line.printable(text) }
        }
        line.raw("\n")
        return line.bytes
    }

    private mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func member(_ key: String, _ value: String) {
        raw(",")
        quoted(key)
        raw(":")
        quoted(value)
    }

    private mutating func value(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let string): quoted(string)
        case .stringConvertible(let number as any BinaryInteger): raw("\(number)")
        case .stringConvertible(let truth as Bool): raw(truth ? "true" : "false")
        case .stringConvertible(let other): quoted("\(other)")
        case .array(let values):
            raw("[")
            for (index, element) in values.enumerated() {
                if index > 0 { raw(",") }
                self.value(element)
            }
            raw("]")
        case .dictionary(let members):
            raw("{")
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { raw(",") }
                quoted(member.key)
                raw(":")
                self.value(member.value)
            }
            raw("}")
        }
    }

    /// A JSON string (RFC 8259 §7).
    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): raw("\\n")
            case 0..<0x20, 0x7F: control(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func printable(_ text: String) {
        for byte in text.utf8 {
            if byte < 0x20 || byte == 0x7F { control(byte) } else { bytes.append(byte) }
        }
    }

    private mutating func control(_ byte: UInt8) {
        let digits = Array("0123456789abcdef".utf8)
        raw("\\u00")
        bytes += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}

/// RFC 3339 in UTC with milliseconds.
func timestamp(_ seconds: Int, _ milliseconds: Int) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date =
        "\(padded(Int(parts.tm_year) + 1_900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(padded(milliseconds, 3))Z"
}
