import Contract
import Transport

/// What a gateway's answer says, where it is JSON.
enum GatewayAnswer {
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
        return found.flatMap { $0.utf8.count <= 255 && isOneLine($0) ? $0 : nil }
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
