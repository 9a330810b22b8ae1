/// Where mail is handed over, and how.
package struct MailServer: Hashable, Sendable {
    /// How the connection is protected.
    package enum Security: Hashable, Sendable {
        /// TLS from the start (`smtps`).
        case implicit
        /// STARTTLS, or nothing is sent.
        case startTLS
        /// STARTTLS where the server offers it: keeps no active attacker out.
        case startTLSIfOffered
        /// In clear.
        case none
    }

    /// SASL mechanisms (RFC 4954).
    package enum Mechanism: String, CaseIterable, Hashable, Sendable {
        case plain, login
        /// The password is an OAuth 2.0 access token.
        case xoauth2
    }

    package let host: String
    package let port: UInt16
    package let security: Security
    package let credentials: Credentials?
    /// How to log in; nil: as the server offers, the best first.
    package let mechanism: Mechanism?
    /// PEM file of the authorities to trust; nil: the system's.
    package let caFile: String?

    package init(
        host: String,
        port: UInt16,
        security: Security,
        credentials: Credentials? = nil,
        mechanism: Mechanism? = nil,
        caFile: String? = nil
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.credentials = credentials
        self.mechanism = mechanism
        self.caFile = caFile
    }
}

/// A user name and a password; the password is in no description.
package struct Credentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let username: String
    package let password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    package var description: String { "Credentials(\(username), ‹redacted›)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}

/// One mail to one recipient.
package struct MailSubmission: Sendable {
    package let server: MailServer
    package let from: Mailbox
    package let recipient: MailAddress
    package let subject: String
    /// Plain text; line ends of any kind.
    package let text: String
    /// The same as HTML, where there is one: the mail then has both, the plain text first (RFC 2046 §5.1.4).
    package let html: String?
    /// The left side of the `Message-ID`: letters, digits, `-`, `.`; the same for each attempt.
    package let messageID: String
    /// Of the `Date` header: seconds since 1970-01-01T00:00:00Z.
    package let date: Int64
    /// Bounds the whole attempt, waiting for a free connection included.
    package let timeout: Duration

    package init(
        server: MailServer,
        from: Mailbox,
        recipient: MailAddress,
        subject: String,
        text: String,
        html: String? = nil,
        messageID: String,
        date: Int64,
        timeout: Duration
    ) {
        self.server = server
        self.from = from
        self.recipient = recipient
        self.subject = subject
        self.text = text
        self.html = html
        self.messageID = messageID
        self.date = date
        self.timeout = timeout
    }
}

/// The relay took the mail.
package struct MailReceipt: Hashable, Sendable {
    /// The last line of its reply, such as `250 2.0.0 Ok: queued as 4F…`.
    package let reply: String
}
