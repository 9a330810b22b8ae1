import Transport

/// Hands messages to an HTTP gateway by a configured request.
struct HTTPGatewayProvider: NotificationProvider {
    let name: String
    let gateway: GatewayConfiguration
    let timeout: Duration
    let transport: Transport

    func deliver(_ message: DeliverableMessage, deadline: ContinuousClock.Instant) async -> DeliveryOutcome {
        guard isPhone(message.to) || MailAddress(message.to) != nil else { return .invalidDestination }
        guard let time = timeForAttempt(limit: timeout, deadline: deadline) else { return .failed(retryAfter: nil) }
        do {
            let response = try await transport.send(request(message, timeout: time))
            return outcome(of: response)
        } catch {
            return deliveryOutcome(of: error)
        }
    }

    func request(_ message: DeliverableMessage, timeout: Duration) -> HTTPRequest {
        func value(_ placeholder: PlaceholderText.Placeholder) -> String {
            switch placeholder {
            case .to: message.to
            case .text: message.text
            case .subject: message.subject
            case .id: message.notificationID
            case .expiresAt: message.expiresAt
            }
        }
        var headers = gateway.headers.map { HTTPField($0.name, $0.value.filled(value)) }
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
        switch response.status {
        case 200..<300:
            .sent(
                providerMessageIDs: gateway.idPointer.flatMap { GatewayAnswer.text(at: $0, in: response.body) }.map {
                    [$0]
                } ?? []
            )
        // Come back later, or our login is wrong: no word about this message.
        case 401, 407, 408, 425, 429: .failed(retryAfter: retryAfter(response))
        case 400..<500: .refused
        default: .failed(retryAfter: retryAfter(response))
        }
    }

    /// `Retry-After` in seconds; a date there is left aside (RFC 9110 §10.2.3).
    private func retryAfter(_ response: HTTPResponse) -> Duration? {
        guard let text = response.header("retry-after"), let seconds = Int64(text), (0...86_400).contains(seconds)
        else {
            return nil
        }
        return .seconds(seconds)
    }
}

/// `+[1-9][0-9]{6,14}`: E.164 as the contract has it.
func isPhone(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return (8...16).contains(bytes.count) && bytes[0] == UInt8(ascii: "+") && bytes[1] != UInt8(ascii: "0")
        && bytes.dropFirst().allSatisfy { (48...57).contains($0) }
}
