import Contract

/// SplitMix64: a small generator whose run can be repeated; its description names the seed.
struct SeededRandom: RandomNumberGenerator, CustomStringConvertible {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        state = seed
    }

    var description: String { "SeededRandom(seed: \(seed))" }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func bytes(upTo count: Int, from alphabet: [UInt8]? = nil) -> [UInt8] {
        (0..<below(count + 1)).map { _ in
            if let alphabet { alphabet[below(alphabet.count)] } else { UInt8(truncatingIfNeeded: next()) }
        }
    }

    /// Flips, inserts, removes or repeats a few bytes.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0...below(4) {
            let position = below(bytes.count + 1)
            switch below(5) {
            case 0 where position < bytes.count: bytes[position] ^= 1 << UInt8(below(8))
            case 1 where position < bytes.count: bytes.remove(at: position)
            case 2: bytes.insert(UInt8(truncatingIfNeeded: next()), at: position)
            case 3: bytes.removeLast(bytes.count - position)
            default: bytes.append(contentsOf: bytes[position...])
            }
        }
    }

    mutating func string() -> String {
        let pieces = [
            "a", "\"", "\\", "/", "\u{0}", "\n", "\u{1F}", "\u{7F}", "é", "e\u{301}", "€", "\u{1F600}", "\u{FFFF}", "Ω",
            "0",
        ]
        return (0..<below(8)).map { _ in pieces[below(pieces.count)] }.joined()
    }

    mutating func jsonValue(depth: Int) -> JSONValue {
        switch below(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(below(2) == 0)
        case 2: return .integer(Int64(bitPattern: next()) >> Int64(below(64)))
        case 3:
            let double = Double(bitPattern: next())
            return .double(double.isFinite ? double : 0.5)
        case 4, 5: return .string(string())
        case 6: return .array((0..<below(5)).map { _ in jsonValue(depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<below(below(10) == 0 ? 40 : 6) { object.set(string(), to: jsonValue(depth: depth - 1)) }
            return .object(object)
        }
    }

    /// The same value with the members of each object in another order.
    mutating func reordered(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { reordered($0) })
        case .object(let object):
            var shuffled = JSONObject()
            for member in object.shuffled(using: &self) { shuffled.append(member.name, reordered(member.value)) }
            return .object(shuffled)
        default: return value
        }
    }
}
