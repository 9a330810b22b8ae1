/// The attributes of one record, gathered from its headers and, in structured mode, from its value.
///
/// Gathering goes on after the first fault, so that a reply can find whoever asked; a value that is given twice or
/// can't be read is none.
struct EnvelopeAttributes {
    /// A fault: why, and what the reply names.
    struct Fault: Equatable {
        var reason: Undecodable.Reason
        var field: String
    }

    /// The first fault, in the order of the record.
    private(set) var fault: Fault?
    private(set) var kafkaCorrelationID: [UInt8]?
    private(set) var kafkaReplyPartition: Int32?
    /// By the headers' raw values.
    private var values = [String?](repeating: nil, count: Header.allCases.count)
    /// One bit for each header.
    private var given: UInt32 = 0
    private var unknown = Set<String>()

    /// The attribute's or header's value; nil where it is absent or unreadable.
    private(set) subscript(_ header: Header) -> String? {
        get { values[header.rawValue] }
        set { values[header.rawValue] = newValue }
    }

    mutating func refuse(_ reason: Undecodable.Reason, _ field: String) {
        if fault == nil { fault = Fault(reason: reason, field: field) }
    }

    /// Takes one header. Headers that the contract does not name are ignored; attributes that it does not name too,
    /// but not twice, and not empty.
    mutating func take(header name: String, value: [UInt8]?) {
        guard let header = Header(named: name) else { return takeUnknown(name, isEmpty: value?.isEmpty ?? true) }
        switch header {
        case .dlqReason, .dlqService, .dlqTopic, .dlqPartition, .dlqOffset, .dlqTimestamp: return
        default: break
        }
        guard isFirst(header) else {
            self[header] = nil
            if header == .kafkaCorrelationID { kafkaCorrelationID = nil }
            if header == .kafkaReplyPartition { kafkaReplyPartition = nil }
            return refuse(.attributeRepeated, header.field)
        }
        switch header {
        case .kafkaCorrelationID: kafkaCorrelationID = value
        case .kafkaReplyPartition: kafkaReplyPartition = value.flatMap(Self.partition)
        case .authorization, .kafkaReplyTopic:
            // Not attributes: without a value they are as good as absent.
            self[header] = value.flatMap { $0.isEmpty ? nil : String(validating: $0, as: UTF8.self) }
        default:
            guard let value, !value.isEmpty else { return refuse(.attributeEmpty, header.field) }
            guard let text = String(validating: value, as: UTF8.self) else {
                return refuse(.attributeInvalid, header.field)
            }
            set(header, to: text)
        }
    }

    /// Takes the attributes of an envelope in structured mode.
    ///
    /// CloudEvents lets a sender repeat them as headers; an equal copy is none too many, another value is given twice.
    mutating func take(structured envelope: JSONObject) {
        for member in envelope {
            guard let header = Header(attribute: member.name), member.value != .null else { continue }
            guard let text = member.value.stringValue else {
                self[header] = nil
                refuse(.attributeInvalid, header.field)
                continue
            }
            if text.isEmpty {
                refuse(.attributeEmpty, header.field)
            } else if isFirst(header) {
                set(header, to: text)
            } else if self[header].map({ !$0.hasSameBytes(as: text) }) ?? true {
                self[header] = nil
                refuse(.attributeRepeated, header.field)
            }
        }
    }

    private mutating func isFirst(_ header: Header) -> Bool {
        let bit: UInt32 = 1 << UInt32(header.rawValue)
        defer { given |= bit }
        return given & bit == 0
    }

    private mutating func set(_ header: Header, to text: String) {
        self[header] = text
        if text.hasControlCharacters { refuse(.attributeInvalid, header.field) }
    }

    private mutating func takeUnknown(_ name: String, isEmpty: Bool) {
        let name = name.asciiLowercased
        guard name.hasPrefix(Header.attributePrefix) else { return }
        if isEmpty { refuse(.attributeEmpty, name) }
        if !unknown.insert(name).inserted { refuse(.attributeRepeated, name) }
    }

    /// Four bytes, big-endian, as Spring writes them; nil for anything else.
    private static func partition(_ bytes: [UInt8]) -> Int32? {
        guard bytes.count == 4 else { return nil }
        let partition = Int32(bitPattern: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        return partition >= 0 ? partition : nil
    }
}
