/// Why a message was not handed over, and whether it may have arrived all the same.
///
/// The description holds codes and names: no address, no text, no word of the peer's (which may quote either).
package struct TransportError: Error, Equatable, CustomStringConvertible {
    package enum Reason: Hashable, Sendable {
        /// Something in the request could break out of its place; the name of the field.
        case invalidInput(String)
        /// The peer said no: an SMTP reply code.
        case refused(code: Int)
        /// The relay serves nobody now, or not us: an SMTP reply code to our connection or greeting.
        case notServed(code: Int)
        /// The relay didn't take our credentials, or wants some: the set-up's fault, not the message's.
        case loginDenied
        /// The time limit was over.
        case timedOut
        /// No connection: name not found, refused, unreachable.
        case connectFailed
        /// TLS was required and could not be had, or the certificate is not to be trusted.
        case tlsFailed
        /// The connection broke.
        case disconnected
        /// The answer was larger than allowed.
        case responseTooLarge
        /// The task was cancelled.
        case cancelled
        /// The transport was shut down.
        case closed
        /// Anything else: libcurl's own code.
        case other(code: Int)
    }

    package let reason: Reason
    /// The whole message was sent, and no answer came: it may have been taken. Sending again may deliver twice.
    package let isOutcomeUnknown: Bool

    package init(_ reason: Reason, isOutcomeUnknown: Bool = false) {
        self.reason = reason
        self.isOutcomeUnknown = isOutcomeUnknown
    }

    /// Sending the same again can't deliver twice, and may help.
    package var isRetrySafe: Bool { !isOutcomeUnknown && !isPermanent }

    /// Sending the same again leads to the same refusal: a 5xx reply, an input that is not to be sent.
    package var isPermanent: Bool {
        switch reason {
        case .invalidInput: true
        case .refused(let code): (500...599).contains(code)
        default: false
        }
    }

    package var description: String {
        let cause =
            switch reason {
            case .invalidInput(let field): "invalid \(field)"
            case .refused(let code): "refused with \(code)"
            case .notServed(let code): "not served, \(code)"
            case .loginDenied: "login denied"
            case .timedOut: "timed out"
            case .connectFailed: "connection failed"
            case .tlsFailed: "TLS failed"
            case .disconnected: "disconnected"
            case .responseTooLarge: "response too large"
            case .cancelled: "cancelled"
            case .closed: "transport closed"
            case .other(let code): "failed with curl code \(code)"
            }
        return isOutcomeUnknown ? cause + ", outcome unknown" : cause
    }
}
