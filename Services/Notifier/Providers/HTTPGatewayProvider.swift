import Foundation
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
            let secondsLeft = min(max(1, (deadline - .now).components.seconds), gateway.longestValidity)
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
        let success = gateway.success
        if let place = success.retryable, let word = GatewayAnswer.text(at: place.pointer, in: response.body),
            place.values.contains(word)
        {
            return .failed(retryAfter: retryAfter(response))
        }
        switch response.status {
        case let status where success.statuses?.contains(status) ?? (200..<300).contains(status):
            if let place = success.word {
                // A success of another shape, such as a portal's page: nobody knows what became of the message.
                guard let word = GatewayAnswer.text(at: place.pointer, in: response.body) else { return .unknown }
                guard place.values.contains(word) else { return .refused }
            }
            let id = gateway.answerID.flatMap { GatewayAnswer.text(at: $0, in: response.body) }
            return .sent(providerMessageIDs: id.map { [$0] } ?? [])
        // Come back later, or our login is wrong: no word about this message.
        case 401, 407, 408, 425, 429: return .failed(retryAfter: retryAfter(response))
        // Nor will it ever do what is asked for here.
        case 200..<300, 400..<500, 501, 505: return .refused
        default: return .failed(retryAfter: retryAfter(response))
        }
    }

    private func retryAfter(_ response: HTTPResponse) -> Duration? {
        response.header("retry-after").flatMap { RetryAfter.pause($0) }
    }
}

/// `+[1-9][0-9]{6,14}`: E.164 as the contract has it.
func isPhone(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return (8...16).contains(bytes.count) && bytes[0] == UInt8(ascii: "+") && bytes[1] != UInt8(ascii: "0")
        && bytes.dropFirst().allSatisfy { (48...57).contains($0) }
}
