import Foundation
import Glibc
import Transport

/// Hands messages to an HTTP gateway by a configured request.
struct HTTPGatewayProvider: NotificationProvider {
    let name: String
    let gateway: GatewayConfiguration
    let timeout: Duration
    let transport: Transport
    let givesReceipts: Bool

    var isIdempotent: Bool { gateway.isIdempotent }

    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome {
        guard isPhone(message.to) || MailAddress(message.to) != nil else { return .invalidDestination }
        guard let time = timeForAttempt(limit: timeout, deadline: deadline) else { return .failed(retryAfter: nil) }
        do {
            let secondsLeft = max(1, (deadline - .now).components.seconds)
            let response = try await transport.send(request(message, timeout: time, secondsLeft: secondsLeft))
            return outcome(of: response)
        } catch  where error.isOutcomeUnknown && error.reason == .timedOut && gateway.onTimeout == .next {
            return .unanswered
        } catch {
            return deliveryOutcome(of: error)
        }
    }

    func request(_ message: DeliverableMessage, timeout: Duration, secondsLeft: Int64) -> HTTPRequest {
        func value(_ placeholder: PlaceholderText.Placeholder) -> String {
            switch placeholder {
            case .to: message.to
            case .text: message.text
            case .subject: message.subject
            case .id: message.notificationID
            case .expiresAt: message.expiresAt
            case .secondsLeft: String(secondsLeft)
            }
        }
        var headers = gateway.headers.map { HTTPField($0.name, $0.value.filled(value)) }
        headers += gateway.secretHeaders.map { HTTPField($0.name, $0.value.text) }
        if let login = gateway.login?.current {
            let token = Data("\(login.username):\(login.password)".utf8).base64EncodedString()
            headers.append(HTTPField("authorization", "Basic \(token)"))
        }
        if gateway.body != nil { headers.append(HTTPField("content-type", gateway.contentType)) }
        return HTTPRequest(
            method: gateway.method,
            url: gateway.url.filled(value),
            headers: headers,
            body: Array((gateway.body?.filled(value) ?? "").utf8),
            caFile: gateway.caFile,
            timeout: timeout
        )
    }

    private func outcome(of response: HTTPResponse) -> DeliveryOutcome {
        let isTaken = gateway.success.statuses?.contains(response.status) ?? (200..<300).contains(response.status)
        switch response.status {
        case _ where isTaken:
            if let (pointer, values) = gateway.success.word {
                guard let word = GatewayAnswer.text(at: pointer, in: response.body), values.contains(word) else {
                    return .refused
                }
            }
            return .sent(
                providerMessageIDs: gateway.idPointer.flatMap { GatewayAnswer.text(at: $0, in: response.body) }
                    .map { [$0] } ?? []
            )
        // Come back later, or our login is wrong: no word about this message.
        case 401, 407, 408, 425, 429: return .failed(retryAfter: retryAfter(response))
        // Nor will it ever do what is asked for here.
        case 200..<300, 400..<500, 501, 505: return .refused
        default: return .failed(retryAfter: retryAfter(response))
        }
    }

    /// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), at most a day.
    private func retryAfter(_ response: HTTPResponse) -> Duration? {
        guard let text = response.header("retry-after") else { return nil }
        let seconds = Int64(text) ?? httpDate(text).map { Int64($0.timeIntervalSinceNow.rounded(.up)) }
        return seconds.flatMap { $0 > 86_400 ? nil : .seconds(max(0, $0)) }
    }

    /// IMF-fixdate (RFC 9110 §5.6.7).
    private func httpDate(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: 0)
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text)
    }
}

/// `+[1-9][0-9]{6,14}`: E.164 as the contract has it.
func isPhone(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return (8...16).contains(bytes.count) && bytes[0] == UInt8(ascii: "+") && bytes[1] != UInt8(ascii: "0")
        && bytes.dropFirst().allSatisfy { (48...57).contains($0) }
}
