/// One protocol data unit (SMPP 3.4, section 4): what is asked or answered, and the number that pairs the two.
package struct PDU: Equatable, Sendable {
    package var status: CommandStatus
    /// 1 to 0x7FFFFFFF in what we send.
    package var sequence: UInt32
    package var operation: Operation

    package init(_ operation: Operation, sequence: UInt32, status: CommandStatus = .ok) {
        self.status = status
        self.sequence = sequence
        self.operation = operation
    }

    package enum Operation: Equatable, Sendable {
        case bindTransceiver(BindRequest)
        /// The SMSC's name for itself; empty in a refusal.
        case bindTransceiverResponse(systemID: String)
        case unbind
        case unbindResponse
        case enquireLink
        case enquireLinkResponse
        case genericNack
        case submit(SubmittedMessage)
        /// The SMSC's id of the message; empty in a refusal.
        case submitResponse(messageID: String)
        case deliver(SubmittedMessage)
        case deliverResponse
        /// A command that is not spoken here.
        case other(UInt32)
    }

    /// The four numbers that begin every PDU, in octets.
    package static let headerSize = 16
    /// The longest PDU that is read: twice the longest TLV, and more than any message needs.
    package static let maxSize = 64 * 1_024

    /// `command_id`; a response is its request's with the topmost bit set (table 5-1).
    enum Command {
        static let genericNack: UInt32 = 0x8000_0000
        static let submit: UInt32 = 0x0000_0004
        static let deliver: UInt32 = 0x0000_0005
        static let unbind: UInt32 = 0x0000_0006
        static let bindTransceiver: UInt32 = 0x0000_0009
        static let enquireLink: UInt32 = 0x0000_0015
        static let response: UInt32 = 0x8000_0000
    }
}

/// Who asks for a session (4.1.5). The password is shown nowhere.
package struct BindRequest: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    package var systemID: String
    package var password: String
    package var systemType: String

    package init(systemID: String, password: String, systemType: String = "") {
        self.systemID = systemID
        self.password = password
        self.systemType = systemType
    }

    /// `interface_version`: 3.4.
    static let version: UInt8 = 0x34

    package var description: String { "BindRequest(\(systemID))" }
    package var customMirror: Mirror { Mirror(self, children: ["systemID": systemID]) }
}

/// The fields that submit_sm and deliver_sm share (4.4.1, 4.6.1). Addresses and text are shown nowhere.
package struct SubmittedMessage: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
    package var serviceType = ""
    package var source = Address(kind: .unknown, text: "")
    package var destination = Address(kind: .unknown, text: "")
    package var esmClass: UInt8 = 0
    package var protocolID: UInt8 = 0
    package var priority: UInt8 = 0
    package var scheduledTime = ""
    /// See `absoluteTime`; empty: the SMSC's own.
    package var validityPeriod = ""
    package var registeredDelivery: UInt8 = 0
    package var replaceIfPresent: UInt8 = 0
    package var dataCoding: UInt8 = 0
    package var defaultMessageID: UInt8 = 0
    /// At most 254 octets, a header of user data included.
    package var shortMessage: [UInt8] = []
    package var parameters: [OptionalParameter] = []

    package init() {}

    /// `esm_class`: the text begins with a header of user data (5.2.12).
    package static let userDataHeader: UInt8 = 0x40
    /// `registered_delivery`: tell how the delivery ended, well or not (5.2.17).
    package static let finalReceipt: UInt8 = 0x01

    package subscript(_ tag: OptionalParameter.Tag) -> [UInt8]? {
        parameters.first { $0.tag == tag }?.value
    }

    /// The text, wherever it stands (5.3.2.32).
    package var content: [UInt8] {
        shortMessage.isEmpty ? self[.messagePayload] ?? [] : shortMessage
    }

    package var description: String { "SubmittedMessage" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A TLV (5.3).
package struct OptionalParameter: Equatable, Sendable {
    package struct Tag: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// The id that submit_sm_resp gave; a C string.
        package static let receiptedMessageID = Tag(rawValue: 0x001E)
        /// A text too long for `short_message`.
        package static let messagePayload = Tag(rawValue: 0x0424)
        /// One octet, see `MessageState`.
        package static let messageState = Tag(rawValue: 0x0427)
    }

    package let tag: Tag
    package let value: [UInt8]

    package init(_ tag: Tag, _ value: [UInt8]) {
        self.tag = tag
        self.value = value
    }
}
