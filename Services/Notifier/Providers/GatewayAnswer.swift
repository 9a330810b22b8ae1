import Contract
import Foundation
import Transport

/// What a gateway's answer says.
enum GatewayAnswer {
    static func text(at place: AnswerPlace, in body: [UInt8]) -> String? {
        switch place {
        case .pointer(let pointer): text(at: pointer, in: body)
        case .pattern(let pattern): pattern.group(in: body)
        }
    }

    /// The string or number that an RFC 6901 pointer names; nil where there is none, or it isn't a short line.
    static func text(at pointer: String, in json: [UInt8]) -> String? {
        self.json(json).flatMap { text(at: pointer, in: $0) }
    }

    /// The same in JSON that was read already; a truth value is `true` or `false`.
    static func text(at pointer: String, in json: JSONValue) -> String? {
        var value = json
        for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let key = step.replacing("~1", with: "/").replacing("~0", with: "~")
            switch value {
            case .object(let object):
                guard let next = object[String(key)] else { return nil }
                value = next
            case .array(let array):
                guard let index = Int(key), array.indices.contains(index) else { return nil }
                value = array[index]
            default: return nil
            }
        }
        let found: String? =
            switch value {
            case .string(let text): text
            case .integer(let number): String(number)
            case .bool(let flag): String(flag)
            default: nil
            }
        return found.flatMap(shortLine)
    }

    /// The text, where it may stand in our records.
    fileprivate static func shortLine(_ text: String) -> String? {
        !text.isEmpty && text.utf8.count <= 255 && isOneLine(text) ? text : nil
    }

    static func isJSON(_ text: String) -> Bool {
        json(Array(text.utf8)) != nil
    }

    static func json(_ bytes: [UInt8]) -> JSONValue? {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            return nil
        }
    }
}

/// A regular expression (ICU's) with one group, for answers that are no JSON.
struct AnswerPattern: Sendable {
    private let expression: NSRegularExpression
    /// More of an answer is not searched: a pattern must not be slow, whatever it is and whatever comes.
    private static let longest = 4_096

    /// nil for what is no regular expression, or has another number of groups.
    init?(_ pattern: String) {
        do {
            expression = try NSRegularExpression(pattern: pattern)
        } catch {
            return nil
        }
        guard expression.numberOfCaptureGroups == 1 else { return nil }
    }

    fileprivate func group(in body: [UInt8]) -> String? {
        let text = String(decoding: body.prefix(Self.longest), as: UTF8.self)
        let whole = NSRange(text.startIndex..., in: text)
        guard let match = expression.firstMatch(in: text, range: whole), let range = Range(match.range(at: 1), in: text)
        else { return nil }
        return GatewayAnswer.shortLine(String(text[range]))
    }
}
