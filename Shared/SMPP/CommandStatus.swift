/// `command_status`: how the other side answered (SMPP 3.4, table 5-2).
package struct CommandStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    private init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// ESME_ROK.
    package static let ok = CommandStatus(0x00)
    /// ESME_RINVCMDLEN.
    package static let invalidLength = CommandStatus(0x02)
    /// ESME_RINVCMDID.
    package static let invalidCommand = CommandStatus(0x03)
    /// ESME_RINVBNDSTS: not while the session is in this state.
    package static let wrongBindState = CommandStatus(0x04)
    /// ESME_RSYSERR.
    package static let systemError = CommandStatus(0x08)
    /// ESME_RINVDSTADR.
    package static let invalidDestination = CommandStatus(0x0B)
    /// ESME_RMSGQFUL.
    package static let queueFull = CommandStatus(0x14)
    /// ESME_RTHROTTLED: more messages than were agreed.
    package static let throttled = CommandStatus(0x58)
    /// ESME_RX_T_APPN: a receiver's fault that may pass; the SMSC delivers again.
    package static let receiverBusy = CommandStatus(0x64)

    /// `0x00000058`: a code, safe to log.
    package var description: String {
        let digits = String(rawValue, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// What a status says about a message that was submitted.
    package enum Verdict: Equatable, Sendable {
        case taken
        /// The same message would be refused again.
        case refused
        /// Nothing was taken, for a reason that may pass.
        case failed
        /// As `failed`: the SMSC asks for a pause.
        case overloaded
    }

    /// Everything that is not known to be the message's own fault may pass: the session's and the SMSC's troubles, and
    /// codes of vendors (0x400 and up), whose meaning is not known here.
    package var verdict: Verdict {
        switch self {
        case .ok: .taken
        case .throttled, .queueFull: .overloaded
        default: Self.permanent.contains(rawValue) ? .refused : .failed
        }
    }

    /// Table 5-2, those which find fault with the message or one of its fields.
    private static let permanent: Set<UInt32> = [
        0x01,  // ESME_RINVMSGLEN
        0x02,  // ESME_RINVCMDLEN
        0x03,  // ESME_RINVCMDID
        0x06,  // ESME_RINVPRTFLG
        0x07,  // ESME_RINVREGDLVFLG
        0x0A,  // ESME_RINVSRCADR
        0x0B,  // ESME_RINVDSTADR
        0x0C,  // ESME_RINVMSGID
        0x15,  // ESME_RINVSERTYP
        0x33,  // ESME_RINVNUMDESTS
        0x34,  // ESME_RINVDLNAME
        0x40,  // ESME_RINVDESTFLAG
        0x42,  // ESME_RINVSUBREP
        0x43,  // ESME_RINVESMCLASS
        0x44,  // ESME_RCNTSUBDL
        0x48,  // ESME_RINVSRCTON
        0x49,  // ESME_RINVSRCNPI
        0x50,  // ESME_RINVDSTTON
        0x51,  // ESME_RINVDSTNPI
        0x53,  // ESME_RINVSYSTYP
        0x54,  // ESME_RINVREPFLAG
        0x55,  // ESME_RINVNUMMSGS
        0x61,  // ESME_RINVSCHED
        0x62,  // ESME_RINVEXPIRY
        0x63,  // ESME_RINVDFTMSGID
        0x65,  // ESME_RX_P_APPN
        0x66,  // ESME_RX_R_APPN
        0xC0,  // ESME_RINVOPTPARSTREAM
        0xC1,  // ESME_ROPTPARNOTALLWD
        0xC2,  // ESME_RINVPARLEN
        0xC3,  // ESME_RMISSINGOPTPARAM
        0xC4,  // ESME_RINVOPTPARAMVAL
    ]
}
