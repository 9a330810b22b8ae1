extension PDU {
    /// The octets of this PDU.
    /// - Throws: `malformed`, where a field is longer than the protocol has room for or holds what a C string can't.
    package func octets() throws(PDUError) -> [UInt8] {
        var writer = OctetWriter(command: command, sequence: sequence)
        switch operation {
        case .bindTransceiver(let bind):
            try writer.string(bind.systemID, "system_id", max: 16)
            // 9 in the specification; SMSCs that want longer passwords take them here, with their zero.
            try writer.string(bind.password, "password", max: 65)
            try writer.string(bind.systemType, "system_type", max: 13)
            writer.octets += [BindRequest.version, 0, 0, 0]
        case .bindTransceiverResponse(let systemID):
            if status == .ok || !systemID.isEmpty { try writer.string(systemID, "system_id", max: 16) }
        case .submit(let message), .deliver(let message): try writer.message(message)
        case .submitResponse(let messageID):
            if status == .ok || !messageID.isEmpty { try writer.string(messageID, "message_id", max: 65) }
        case .deliverResponse: writer.octets.append(0)
        case .unbind, .unbindResponse, .enquireLink, .enquireLinkResponse, .genericNack, .other: break
        }
        let length = Self.headerSize + writer.octets.count
        guard length <= Self.maxSize else { throw .invalidLength(UInt32(clamping: length)) }
        var octets: [UInt8] = []
        octets.reserveCapacity(length)
        for number in [UInt32(length), command, status.rawValue, sequence] {
            for shift in [24, 16, 8, 0] { octets.append(UInt8(truncatingIfNeeded: number >> UInt32(shift))) }
        }
        return octets + writer.octets
    }

    /// `command_id`.
    package var command: UInt32 {
        switch operation {
        case .bindTransceiver: Command.bindTransceiver
        case .bindTransceiverResponse: Command.bindTransceiver | Command.response
        case .unbind: Command.unbind
        case .unbindResponse: Command.unbind | Command.response
        case .enquireLink: Command.enquireLink
        case .enquireLinkResponse: Command.enquireLink | Command.response
        case .genericNack: Command.genericNack
        case .submit: Command.submit
        case .submitResponse: Command.submit | Command.response
        case .deliver: Command.deliver
        case .deliverResponse: Command.deliver | Command.response
        case .other(let command): command
        }
    }
}

/// Writes a body; nothing is cut to fit.
private struct OctetWriter {
    let command: UInt32
    let sequence: UInt32
    var octets: [UInt8] = []

    mutating func message(_ message: SubmittedMessage) throws(PDUError) {
        try string(message.serviceType, "service_type", max: 6)
        try address(message.source, "source_addr")
        try address(message.destination, "destination_addr")
        octets += [message.esmClass, message.protocolID, message.priority]
        try string(message.scheduledTime, "schedule_delivery_time", max: 17)
        try string(message.validityPeriod, "validity_period", max: 17)
        octets += [message.registeredDelivery, message.replaceIfPresent, message.dataCoding, message.defaultMessageID]
        guard message.shortMessage.count <= 254 else { throw malformed("short_message") }
        octets.append(UInt8(message.shortMessage.count))
        octets += message.shortMessage
        for parameter in message.parameters {
            guard let length = UInt16(exactly: parameter.value.count) else { throw malformed("value") }
            for number in [parameter.tag.rawValue, length] { octets += [UInt8(number >> 8), UInt8(number & 0xFF)] }
            octets += parameter.value
        }
    }

    private mutating func address(_ address: Address, _ field: String) throws(PDUError) {
        octets += [address.kind.ton, address.kind.npi]
        try string(address.text, field, max: 21)
    }

    /// - Parameter max: octets, the zero at the end included.
    mutating func string(_ text: String, _ field: String, max: Int) throws(PDUError) {
        let scalars = text.unicodeScalars
        guard scalars.count < max else { throw malformed(field) }
        for scalar in scalars {
            guard let octet = UInt8(exactly: scalar.value), octet != 0 else { throw malformed(field) }
            octets.append(octet)
        }
        octets.append(0)
    }

    private func malformed(_ field: String) -> PDUError {
        .malformed(command: command, sequence: sequence, field: field)
    }
}
