import SMPP
import TokenCore
import Transport

/// The notifier's YAML file (`NOTIFIER_CONFIG`), judged: who delivers each channel's messages, and with which texts.
struct NotifierConfiguration: Sendable {
    /// Providers of each channel, the preferred one first; a channel without providers is absent.
    let channels: [Channel: [ProviderConfiguration]]
    /// Where texts of one's own are; nil: the built-in ones.
    let templateDirectory: String?
}

/// One provider, whatever it speaks.
struct ProviderConfiguration: Sendable {
    enum Kind: Sendable {
        case smtp(server: MailServer, from: Mailbox)
        case http(GatewayConfiguration)
        case smpp(SMPPConfiguration)
    }

    /// Unique in the file; shown in logs and metrics.
    let name: String
    /// Bounds one attempt.
    let timeout: Duration
    /// Attempts at a time.
    var concurrency = 32
    var circuit = CircuitSettings()
    let kind: Kind

    /// Attempts at a time; an SMSC's window bounds them, too.
    var atOnce: Int {
        if case .smpp(let smsc) = kind { min(concurrency, smsc.window) } else { concurrency }
    }
}

/// An HTTP gateway: the request with placeholders, and where its answer has the message's id.
struct GatewayConfiguration: Sendable {
    let method: String
    let url: PlaceholderText
    let headers: [(name: String, value: PlaceholderText)]
    let contentType: String
    let body: PlaceholderText?
    /// RFC 6901, into the answer's JSON.
    let idPointer: String?
    let caFile: String?
}

/// An SMSC, our account there, and what a session with it is like.
struct SMPPConfiguration: Sendable {
    let endpoint: StreamEndpoint
    let bind: BindRequest
    /// Who messages are from.
    let source: Address
    /// Messages that may wait for their answers at a time.
    let window: Int
    /// Silence after which the SMSC is asked whether it is still there.
    let enquireLink: Duration
    /// Whether the SMSC is to tell how deliveries ended.
    let wantsReceipts: Bool
}

/// Every mistake of a configuration file or of templates, one line each, with file and line where there is one.
struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    let mistakes: [String]

    var description: String { mistakes.joined(separator: "\n") }
}
