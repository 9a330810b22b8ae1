import Messaging

/// A record as libFuzzer mutates it: a byte that says how it is to be read, then key, value, and names and values of
/// headers, each pair in turn, with 0xFF between them. 0xFD alone is null; 0xFE brings in a byte above 0xFC.
struct MutatedRecord {
    enum Topic: UInt8, CaseIterable {
        case enrollment, verification, users
    }

    var topic: Topic
    /// Commands have to be signed.
    var isSigned: Bool
    /// `authorization` is a token's claims, to be signed before the record is read: no mutation makes a signature.
    var signsClaims: Bool
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [KafkaHeader]

    private static let separator: UInt8 = 0xFF
    private static let escape: UInt8 = 0xFE
    private static let null: UInt8 = 0xFD

    init(
        _ topic: Topic,
        isSigned: Bool = false,
        signsClaims: Bool = false,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [KafkaHeader]
    ) {
        self.topic = topic
        self.isSigned = isSigned
        self.signsClaims = signsClaims
        self.key = key
        self.value = value
        self.headers = headers
    }

    /// - Precondition: `input` is not empty.
    init(_ input: [UInt8]) {
        let form = input[0]
        topic = Topic.allCases[Int(form % 3)]
        isSigned = form & 0x10 != 0
        signsClaims = form & 0x20 != 0
        let fields = input[1...].split(separator: Self.separator, maxSplits: 100, omittingEmptySubsequences: false)
            .map(Self.field)
        key = fields[0]
        value = fields.count > 1 ? fields[1] : nil
        headers = stride(from: 2, to: fields.count - 1, by: 2).map { index in
            // A zero would end the name on its way through librdkafka.
            let name = (fields[index] ?? []).prefix { $0 != 0 }
            return KafkaHeader(name: String(decoding: name, as: UTF8.self), value: fields[index + 1])
        }
    }

    var bytes: [UInt8] {
        let fields = [key, value] + headers.flatMap { [Array($0.name.utf8), $0.value] }
        let form = topic.rawValue | (isSigned ? 0x30 : 0)
        precondition(Self.isWritable(form), "the form's bits hold the topic too")
        return [form] + Array(fields.map(Self.bytes).joined(separator: [Self.separator]))
    }

    private static func isWritable(_ form: UInt8) -> Bool { form % 3 == form & 0x0F }

    private static func field(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        if bytes.count == 1, bytes.first == null { return nil }
        var field: [UInt8] = []
        field.reserveCapacity(bytes.count)
        var isEscaped = false
        for byte in bytes {
            if byte == escape, !isEscaped {
                isEscaped = true
                continue
            }
            field.append(isEscaped ? byte ^ 0x80 : byte)
            isEscaped = false
        }
        return field
    }

    private static func bytes(_ field: [UInt8]?) -> [UInt8] {
        guard let field else { return [null] }
        return field.flatMap { $0 >= null ? [escape, $0 ^ 0x80] : [$0] }
    }
}
