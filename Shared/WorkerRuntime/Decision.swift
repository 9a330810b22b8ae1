import CommandSigning
import Contract
import TokenCore
import TokenStore

/// What one record of a batch comes to.
enum Decision {
    /// Decided now: to be stored, then sent.
    case decided(Decided)
    /// Decided before: the stored messages are sent again.
    case repeated([WireMessage])
    /// Done long ago and forgotten: passed over.
    case silent

    final class Decided {
        /// Of the inbox row; nil: the arrival's own.
        let key: UUIDValue?
        let messages: [WireMessage]
        let fingerprint: [UInt8]
        let audit: AuditEntry?
        let tally: CommandTally?
        /// Counted where the record becomes a dead letter.
        let deadLetter: String?

        init(
            key: UUIDValue? = nil,
            messages: [WireMessage],
            fingerprint: [UInt8],
            audit: AuditEntry?,
            tally: CommandTally?,
            deadLetter: String?
        ) {
            self.key = key
            self.messages = messages
            self.fingerprint = fingerprint
            self.audit = audit
            self.tally = tally
            self.deadLetter = deadLetter
        }
    }

    var messages: [WireMessage] {
        switch self {
        case .decided(let decided): decided.messages
        case .repeated(let messages): messages
        case .silent: []
        }
    }
}

/// What the metrics count of one command; closed sets only.
struct CommandTally {
    let type: String
    let status: String
    let code: String
    /// Why the command was `forbidden`.
    let fault: SignatureFault?
    let appendedAt: Instant
}
