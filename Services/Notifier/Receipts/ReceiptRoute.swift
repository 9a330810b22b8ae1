import Telemetry

/// `POST /receipts/<provider>` on the admin port: where gateways say what became of a message that they took.
///
/// Answers: 204 once it is recorded and told, or says nothing final; 401 without the right token or signature; 400 for
/// what is no receipt; 404 for an unknown provider or message; 503 where it has to be told again.
struct ReceiptRoute: Sendable {
    /// By the provider's name.
    let rules: [String: ReceiptRules]
    let desk: ReceiptDesk

    static let prefix = "/receipts/"

    var route: AdminRoute {
        AdminRoute("POST", Self.prefix + "*") { request in
            AdminResponse(status: await status(request), text: "")
        }
    }

    private func status(_ request: AdminRequest) async -> Int {
        let provider = String(request.path.dropFirst(Self.prefix.count))
        guard let rules = rules[provider] else { return 404 }
        switch rules.judge(request, provider: provider) {
        case .failure(.unauthorised): return 401
        case .failure(.malformed): return 400
        case .success(nil): return 204
        case .success(let receipt?):
            switch await desk.take(receipt) {
            case .told: return 204
            case .unknown: return 404
            case .unavailable: return 503
            }
        }
    }
}
