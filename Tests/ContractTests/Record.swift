import Contract
import Testing

/// A record as a test writes it: valid unless something is changed.
struct Record {
    var headers: [(name: String, value: [UInt8]?)] = []
    var key: String? = "default/alice"
    var data = #"{"tokenId":"x"}"#
    /// Takes the place of `data` where it is given.
    var value: [UInt8]?
    var hasValue = true

    init() {
        self["ce_specversion"] = "1.0"
        self["ce_id"] = "c-1"
        self["ce_source"] = "/iam"
        self["ce_type"] = "usertokens.otp.verify.v1"
        self["content-type"] = "application/json"
    }

    /// With every attribute and header that a command can have.
    static var complete: Record {
        var record = Record()
        record.key = "acme/alice/b"
        record["ce_subject"] = "a subject"
        record["ce_time"] = "2026-11-24T10:00:00Z"
        record["ce_tenant"] = "acme"
        record["ce_replyto"] = "tokens.replies.iam"
        record["ce_expirytime"] = "2026-11-24T10:05:00Z"
        record["ce_correlationid"] = "flow-7"
        record["ce_causationid"] = "cause-1"
        record["ce_traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        record["ce_tracestate"] = "vendor=1"
        record["ce_authtype"] = "user"
        record["ce_authid"] = "operator-1"
        record["authorization"] = "Bearer abc"
        record["kafka_replyTopic"] = "tokens.replies.spring"
        record.bytes("kafka_replyPartition", [0, 0, 0, 3])
        record.bytes("kafka_correlationId", [1, 2, 255])
        return record
    }

    /// One header's text; setting replaces it, nil removes it.
    subscript(_ name: String) -> String? {
        get { headers.first { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) } }
        set { bytes(name, newValue.map { Array($0.utf8) }) }
    }

    mutating func bytes(_ name: String, _ value: [UInt8]?) {
        headers.removeAll { $0.name == name }
        if let value { headers.append((name, value)) }
    }

    /// The same in structured mode: attributes in the value, other headers as they are.
    func structured() -> Record {
        var record = self
        record.headers.removeAll { $0.name.hasPrefix("ce_") || $0.name == "content-type" }
        record["content-type"] = "application/cloudevents+json; charset=UTF-8"
        var members: [String] = []
        for header in headers where header.name.hasPrefix("ce_") {
            let text = JSONValue.string(String(decoding: header.value ?? [], as: UTF8.self))
            members.append("\"\(header.name.dropFirst(3))\":\(String(decoding: text.serialized(), as: UTF8.self))")
        }
        record.data = "{\(members.joined(separator: ",")),\"data\":\(data)}"
        return record
    }

    func decoded() -> DecodedCommand {
        EnvelopeDecoder.decode(
            headers: headers,
            key: key.map { Array($0.utf8) },
            value: hasValue ? value ?? Array(data.utf8) : nil
        )
    }

    func command() throws -> CommandEnvelope {
        guard case .command(let command) = decoded() else {
            Issue.record("refused: \(decoded())")
            throw Unexpected()
        }
        return command
    }

    func refusal() throws -> Undecodable {
        guard case .refused(let refusal) = decoded() else {
            Issue.record("not refused: \(decoded())")
            throw Unexpected()
        }
        return refusal
    }

    struct Unexpected: Error {}
}
