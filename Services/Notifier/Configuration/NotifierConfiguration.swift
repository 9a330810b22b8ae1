import NotificationTexts
import SMPP
import TokenCore
import Transport

/// The notifier's YAML file (`NOTIFIER_CONFIG`), judged: who delivers each channel's messages, and with which texts.
struct NotifierConfiguration: Sendable {
    /// Providers of each channel, the preferred one first; a channel without providers is absent.
    let channels: [Channel: [ProviderConfiguration]]
    /// Where texts of one's own are; nil: the built-in ones.
    let templateDirectory: String?
    /// What of the texts depends on the tenant.
    var texts = TextSettings()
}

/// One provider, whatever it speaks.
struct ProviderConfiguration: Sendable {
    enum Kind: Sendable {
        case smtp(RelayConfiguration)
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
    /// How its receipts by HTTP are judged; nil: it sends none.
    var receipts: ReceiptRules?
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
    /// Where the answer has the message's id; nil: nowhere.
    let answerID: AnswerPlace?
    let caFile: String?
    /// Headers whose values are secrets.
    var secretHeaders: [(name: String, value: SecretFile)] = []
    /// Basic authentication (RFC 7617).
    var login: FileLogin?
    var success = GatewaySuccess()
    /// It recognises a repeated `{{id}}`.
    var isIdempotent = false
    var onTimeout = AfterTimeout.next
    /// What `{{secondsLeft}}` is at most.
    var longestValidity = Int64.max
}

/// What of a gateway's answers means that it took the message.
struct GatewaySuccess: Sendable {
    /// Nil: every 2xx.
    var statuses: Set<Int>?
    /// Where the answer's JSON says so, and what.
    var word: AnswerWord?
    /// Where it says that it may take the message later, and what.
    var retryable: AnswerWord?
}

/// A place in an answer's JSON, and what stands there.
struct AnswerWord: Sendable {
    /// RFC 6901.
    let pointer: String
    let values: Set<String>
}

/// Where something is in an answer.
enum AnswerPlace: Sendable {
    /// RFC 6901, into JSON.
    case pointer(String)
    /// What a regular expression's only group matches, in any text.
    case pattern(AnswerPattern)
}

/// Whether another provider is asked where a gateway got all of the message and was silent until the time-out.
enum AfterTimeout: String, CaseIterable, Sendable {
    case next, stop
}

/// A user name, and the file that its password is in.
struct FileLogin: Sendable {
    let username: String
    let password: SecretFile

    var current: Credentials { Credentials(username: username, password: password.text) }
}

/// A mail relay, our account there, and who mail is from.
struct RelayConfiguration: Sendable {
    let host: String
    let port: UInt16
    let security: MailServer.Security
    let login: FileLogin?
    let mechanism: MailServer.Mechanism?
    let caFile: String?
    let from: Mailbox

    /// With the password of this moment.
    var server: MailServer {
        MailServer(
            host: host,
            port: port,
            security: security,
            credentials: login?.current,
            mechanism: mechanism,
            caFile: caFile
        )
    }
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
