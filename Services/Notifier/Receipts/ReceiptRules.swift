import Contract
import Foundation
import Telemetry
import TokenCrypto

/// Why a provider's call about a message is not taken.
enum ReceiptRefusal: Error, Equatable, Sendable {
    /// Nothing shows that it comes from the provider.
    case unauthorised
    /// It names no message, or no state.
    case malformed
}

/// How a provider's calls about its messages are told from a stranger's, and what they say.
struct ReceiptRules: Sendable {
    /// What shows that a call comes from the provider.
    enum Proof: Sendable {
        /// `Authorization: Bearer …`, or `token` in the query, of which some gateways can set nothing but that.
        case token(SecretFile)
        /// An HMAC of the body in a header.
        case signature(BodySignature)
        /// Twilio's: over the URL that it calls and the form's fields.
        case twilio(url: String, authToken: SecretFile)
    }

    /// An HMAC over the body as it came.
    struct BodySignature: Sendable {
        enum Algorithm: String, CaseIterable, Sendable {
            case sha256 = "hmac-sha256"
            case sha1 = "hmac-sha1"
        }

        enum Encoding: String, CaseIterable, Sendable {
            case hex, base64
        }

        /// In small letters.
        let header: String
        let algorithm: Algorithm
        let encoding: Encoding
        let secret: SecretFile
        /// What stands before it in the header, such as `sha256=`.
        let prefix: String
    }

    let proof: Proof
    /// Where the provider's own id of the message is: RFC 6901, into JSON or an object of a form's fields.
    var idPointer = "/id"
    var statusPointer = "/status"
    /// What the provider calls a delivered message.
    var delivered: Set<String> = ["delivered", "DELIVRD"]
    /// What it calls one that is not going to be delivered; any other state is not final.
    var failed: Set<String> = ["failed", "undelivered", "UNDELIV", "REJECTD", "EXPIRED"]

    /// - Returns: nil for a state that is not the last one.
    func judge(_ request: AdminRequest, provider: String) -> Result<ProviderReceipt?, ReceiptRefusal> {
        guard isFromProvider(request) else { return .failure(.unauthorised) }
        guard let body = body(of: request), let id = GatewayAnswer.text(at: idPointer, in: body), !id.isEmpty,
            let status = GatewayAnswer.text(at: statusPointer, in: body)
        else { return .failure(.malformed) }
        let state: ProviderReceipt.State
        if delivered.contains(status) {
            state = .delivered
        } else if failed.contains(status) {
            state = .failed
        } else {
            return .success(nil)
        }
        return .success(ProviderReceipt(provider: provider, messageID: id, state: state))
    }

    private func body(of request: AdminRequest) -> JSONValue? {
        let type = request.headers["content-type"] ?? ""
        switch PlaceholderText.Escaping(contentType: type) {
        case .json: return GatewayAnswer.json(request.body)
        case .form:
            guard let fields = FormFields(request.body) else { return nil }
            var object = JSONObject()
            for (name, value) in fields.pairs where object[name] == nil { object.append(name, .string(value)) }
            return .object(object)
        default: return nil
        }
    }

    private func isFromProvider(_ request: AdminRequest) -> Bool {
        switch proof {
        case .token(let file):
            let given = bearer(request.headers["authorization"]) ?? request.query["token"] ?? ""
            return file.current.withBytes { constantTimeEquals($0, Array(given.utf8)) }
        case .signature(let signature):
            return signature.matches(request)
        case .twilio(let url, let authToken):
            guard let given = request.headers["x-twilio-signature"].flatMap({ Data(base64Encoded: $0) }),
                let fields = FormFields(request.body)
            else { return false }
            return authToken.current.withBytes { key in
                constantTimeEquals(twilioSignature(key: key, url: url, fields: fields.pairs), given)
            }
        }
    }

    private func bearer(_ header: String?) -> String? {
        guard let header, header.count > 7, header.prefix(7).lowercased() == "bearer " else { return nil }
        return String(header.dropFirst(7))
    }
}

extension ReceiptRules.BodySignature {
    fileprivate func matches(_ request: AdminRequest) -> Bool {
        guard let text = request.headers[header], text.hasPrefix(prefix) else { return false }
        let digits = String(text.dropFirst(prefix.count))
        guard let given = encoding == .hex ? octets(hex: digits) : Data(base64Encoded: digits).map(Array.init) else {
            return false
        }
        let hash: HMACAlgorithm = algorithm == .sha256 ? .sha256 : .sha1
        let mac = secret.current.withBytes { HMACContext(algorithm: hash, key: $0).mac(request.body) }
        return constantTimeEquals(mac, given)
    }

    private func octets(hex: String) -> [UInt8]? {
        let digits = hex.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// `X-Twilio-Signature` before its Base64: HMAC-SHA1 over the URL and each field's name and value, by name.
func twilioSignature(key: UnsafeRawBufferPointer, url: String, fields: [(name: String, value: String)]) -> [UInt8] {
    let sorted = fields.sorted { left, right in
        let (first, second) = (Array(left.name.utf8), Array(right.name.utf8))
        return first == second
            ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8) : first.lexicographicallyPrecedes(second)
    }
    let text = sorted.reduce(into: url) { $0 += $1.name + $1.value }
    return HMACContext(algorithm: .sha1, key: key).mac(Array(text.utf8))
}
