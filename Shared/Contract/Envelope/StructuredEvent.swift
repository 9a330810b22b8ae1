/// A CloudEvent in its JSON format: the value of a record in structured mode.
struct StructuredEvent {
    /// The whole envelope; its attributes are strings beside the data.
    var attributes: JSONObject
    /// `data`, or what `data_base64` holds as JSON; null where there is neither.
    var data: JSONValue

    struct Failure: Error, Equatable {
        var reason: Undecodable.Reason
        var field: String
    }

    /// The envelope is a level of its own, so that data may nest as deep in both modes.
    static func read(_ value: [UInt8]) -> Result<StructuredEvent, Failure> {
        do {
            let json = try JSONParser.parse(value, maximumDepth: JSONParser.maximumDepth + 1)
            guard let envelope = json.objectValue else { return .failure(Failure(reason: .envelopeInvalid, field: "")) }
            if case .string(let type)? = envelope["datacontenttype"], MediaType(type) != .json {
                return .failure(Failure(reason: .contentTypeUnsupported, field: "datacontenttype"))
            }
            switch (envelope["data"], envelope["data_base64"]) {
            case (let data, nil), (let data, .null?): return .success(Self(attributes: envelope, data: data ?? .null))
            case (nil, .string(let text)?):
                guard let bytes = Base64.decode(text) else { break }
                return .success(Self(attributes: envelope, data: try JSONParser.parse(bytes)))
            default: break
            }
            return .failure(Failure(reason: .envelopeInvalid, field: "/data_base64"))
        } catch {
            return .failure(Failure(reason: Undecodable.Reason(error), field: ""))
        }
    }
}

/// Base 64 with padding (RFC 4648 §4).
enum Base64 {
    /// Nil for anything but the one encoding of some bytes.
    static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let padding = characters.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for character in characters.dropLast(padding) {
            guard let sextet = sextet(character) else { return nil }
            bits = bits << 6 | sextet
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bits & (1 << UInt32(count) - 1) == 0 ? bytes : nil
    }

    private static func sextet(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
