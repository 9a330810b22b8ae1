/// Why octets are no PDU that is understood here. No octet of them is quoted.
package enum PDUError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `command_length` can't be: nothing after it can be read either.
    case invalidLength(UInt32)
    /// A field runs over its bounds or its PDU; the stream after it is in order.
    case malformed(command: UInt32, sequence: UInt32, field: String)

    package var description: String {
        switch self {
        case .invalidLength(let length): "a PDU of \(length) octets"
        case .malformed(let command, _, let field): "command \(CommandStatus(rawValue: command)): malformed \(field)"
        }
    }
}

/// Cuts PDUs out of a stream of octets.
package struct FrameBuffer: Sendable {
    private var octets: [UInt8] = []
    private var start = 0

    package init() {}

    package mutating func append(_ more: some Sequence<UInt8>) {
        if start > 0 {
            octets.removeSubrange(..<start)
            start = 0
        }
        octets.append(contentsOf: more)
    }

    /// The next whole PDU; nil where more octets are needed.
    /// - Throws: `invalidLength`, again and again: such a stream has no next PDU.
    package mutating func next() throws(PDUError) -> ArraySlice<UInt8>? {
        let rest = octets[start...]
        guard rest.count >= 4 else { return nil }
        let length = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard (PDU.headerSize...PDU.maxSize).contains(Int(length)) else { throw .invalidLength(length) }
        guard rest.count >= Int(length) else { return nil }
        start += Int(length)
        return rest.prefix(Int(length))
    }
}

extension PDU {
    /// Reads one whole PDU.
    ///
    /// A response without a body is in order whatever its status: a refusal has none (4.4.2), and some SMSCs leave it out
    /// of others. TLVs may follow everywhere, and are skipped where they are not known (3.2.4.1, forward compatibility).
    package init(octets: some Sequence<UInt8>) throws(PDUError) {
        let octets = Array(octets)
        guard octets.count >= Self.headerSize, octets.count <= Self.maxSize else {
            throw .invalidLength(UInt32(clamping: octets.count))
        }
        var header = OctetReader(octets[..<Self.headerSize], command: 0, sequence: 0)
        let length = try header.long("command_length")
        guard Int(length) == octets.count else { throw .invalidLength(length) }
        let command = try header.long("command_id")
        let status = CommandStatus(rawValue: try header.long("command_status"))
        let sequence = try header.long("sequence_number")
        var body = OctetReader(octets[Self.headerSize...], command: command, sequence: sequence)
        let operation = try body.operation(command)
        self.init(operation, sequence: sequence, status: status)
    }
}

/// Reads fields, none beyond the octets that are there.
private struct OctetReader {
    private var rest: ArraySlice<UInt8>
    private let command: UInt32
    private let sequence: UInt32

    init(_ octets: ArraySlice<UInt8>, command: UInt32, sequence: UInt32) {
        rest = octets
        self.command = command
        self.sequence = sequence
    }

    mutating func operation(_ command: UInt32) throws(PDUError) -> PDU.Operation {
        typealias Command = PDU.Command
        let operation: PDU.Operation
        switch command {
        case Command.bindTransceiver: operation = .bindTransceiver(try bind())
        case Command.bindTransceiver | Command.response:
            operation = .bindTransceiverResponse(systemID: rest.isEmpty ? "" : try string("system_id", max: 16))
        case Command.submit: return .submit(try message())
        case Command.submit | Command.response:
            operation = .submitResponse(messageID: rest.isEmpty ? "" : try string("message_id", max: 65))
        case Command.deliver: return .deliver(try message())
        case Command.deliver | Command.response:
            if !rest.isEmpty { _ = try string("message_id", max: 65) }
            operation = .deliverResponse
        case Command.unbind: operation = .unbind
        case Command.unbind | Command.response: operation = .unbindResponse
        case Command.enquireLink: operation = .enquireLink
        case Command.enquireLink | Command.response: operation = .enquireLinkResponse
        case Command.genericNack: operation = .genericNack
        default: return .other(command)
        }
        _ = try parameters()
        return operation
    }

    private mutating func bind() throws(PDUError) -> BindRequest {
        let systemID = try string("system_id", max: 16)
        let password = try string("password", max: 65)
        let systemType = try string("system_type", max: 13)
        for field in ["interface_version", "addr_ton", "addr_npi"] { _ = try octet(field) }
        _ = try string("address_range", max: 41)
        return BindRequest(systemID: systemID, password: password, systemType: systemType)
    }

    private mutating func message() throws(PDUError) -> SubmittedMessage {
        var message = SubmittedMessage()
        message.serviceType = try string("service_type", max: 6)
        message.source = try address("source_addr")
        message.destination = try address("destination_addr")
        message.esmClass = try octet("esm_class")
        message.protocolID = try octet("protocol_id")
        message.priority = try octet("priority_flag")
        message.scheduledTime = try string("schedule_delivery_time", max: 17)
        message.validityPeriod = try string("validity_period", max: 17)
        message.registeredDelivery = try octet("registered_delivery")
        message.replaceIfPresent = try octet("replace_if_present_flag")
        message.dataCoding = try octet("data_coding")
        message.defaultMessageID = try octet("sm_default_msg_id")
        let length = try octet("sm_length")
        guard length <= 254 else { throw malformed("sm_length") }
        message.shortMessage = Array(try take(Int(length), "short_message"))
        message.parameters = try parameters()
        return message
    }

    private mutating func address(_ field: String) throws(PDUError) -> Address {
        let ton = try octet(field)
        let npi = try octet(field)
        return Address(kind: Address.Kind(ton: ton, npi: npi), text: try string(field, max: 21))
    }

    private mutating func parameters() throws(PDUError) -> [OptionalParameter] {
        var parameters: [OptionalParameter] = []
        while !rest.isEmpty {
            let tag = try take(2, "tag").reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
            let length = try take(2, "length").reduce(0) { $0 << 8 | Int($1) }
            let value = try take(length, "value")
            parameters.append(OptionalParameter(OptionalParameter.Tag(rawValue: tag), Array(value)))
        }
        return parameters
    }

    mutating func long(_ field: String) throws(PDUError) -> UInt32 {
        try take(4, field).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func octet(_ field: String) throws(PDUError) -> UInt8 {
        try take(1, field).reduce(0) { $0 | $1 }
    }

    /// A C-octet string: ended by a zero within `max` octets. An octet is a scalar of its own, so that none is lost.
    private mutating func string(_ field: String, max: Int) throws(PDUError) -> String {
        guard let end = rest.prefix(max).firstIndex(of: 0) else { throw malformed(field) }
        var text = String.UnicodeScalarView()
        for octet in rest[..<end] { text.append(Unicode.Scalar(octet)) }
        rest = rest[(end + 1)...]
        return String(text)
    }

    private mutating func take(_ count: Int, _ field: String) throws(PDUError) -> ArraySlice<UInt8> {
        guard rest.count >= count else { throw malformed(field) }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private func malformed(_ field: String) -> PDUError {
        .malformed(command: command, sequence: sequence, field: field)
    }
}
