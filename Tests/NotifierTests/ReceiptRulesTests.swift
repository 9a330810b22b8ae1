import Foundation
import Telemetry
import Testing

@testable import Notifier

@Suite("What a provider's call about a message is worth")
struct ReceiptRulesTests {
    private let file: GatewayConfigurationTests.Secret
    private let secret: SecretFile

    init() throws {
        file = try GatewayConfigurationTests.Secret("12345")
        secret = try SecretFile(path: file.path)
    }

    private func request(
        _ body: String,
        headers: [String: String] = [:],
        query: [String: String] = [:],
        type: String = "application/json"
    ) -> AdminRequest {
        AdminRequest(
            method: "POST",
            path: "/receipts/p",
            query: query,
            headers: headers.merging(["content-type": type]) { given, _ in given },
            body: Array(body.utf8)
        )
    }

    private func delivered(_ id: String) -> Result<ProviderReceipt?, ReceiptRefusal> {
        .success(ProviderReceipt(provider: "p", messageID: id, state: .delivered))
    }

    @Test("a token in the header or the query, whole and right")
    func token() {
        let rules = ReceiptRules(proof: .token(secret))
        let body = #"{"id":"m1","status":"delivered"}"#
        #expect(
            rules.judge(request(body, headers: ["authorization": "Bearer 12345"]), provider: "p") == delivered("m1")
        )
        #expect(rules.judge(request(body, query: ["token": "12345"]), provider: "p") == delivered("m1"))
        for headers in [
            [:], ["authorization": "12345"], ["authorization": "Bearer 1234"], ["authorization": "Bearer "],
        ] {
            #expect(rules.judge(request(body, headers: headers), provider: "p") == .failure(.unauthorised))
        }
    }

    @Test("states that are not final say nothing; what names no message is malformed")
    func bodies() {
        let rules = ReceiptRules(proof: .token(secret))
        func judge(_ body: String, type: String = "application/json") -> Result<ProviderReceipt?, ReceiptRefusal> {
            rules.judge(request(body, query: ["token": "12345"], type: type), provider: "p")
        }
        #expect(judge(#"{"id":"m1","status":"queued"}"#) == .success(nil))
        #expect(
            judge(#"{"id":7,"status":"UNDELIV"}"#)
                == .success(ProviderReceipt(provider: "p", messageID: "7", state: .failed))
        )
        #expect(judge("id=m+1&status=delivered", type: "application/x-www-form-urlencoded") == delivered("m 1"))
        for bad in ["", "[]", #"{"id":"m1"}"#, #"{"status":"delivered"}"#, #"{"id":"","status":"delivered"}"#, "{"] {
            #expect(judge(bad) == .failure(.malformed), "\(bad)")
        }
        #expect(judge("id=m1&status=delivered", type: "text/plain") == .failure(.malformed))
        #expect(judge("id=%zz&status=delivered", type: "application/x-www-form-urlencoded") == .failure(.malformed))
    }

    /// openssl dgst -sha256 -hmac 12345, of the body below.
    @Test("a signature over the body as it came")
    func signature() {
        let rules = ReceiptRules(
            proof: .signature(
                .init(header: "x-signature", algorithm: .sha256, encoding: .hex, secret: secret, prefix: "sha256=")
            )
        )
        let body = #"{"id":"m1","status":"delivered"}"#
        let good = "sha256=35e78644abb07fffee6eed69cbbff704547c23db887bd88bb75bc823a147d5d0"
        #expect(rules.judge(request(body, headers: ["x-signature": good]), provider: "p") == delivered("m1"))
        for bad in [String(good.dropLast(2)) + "00", String(good.dropFirst(7)), "sha256=", "sha256=zz"] {
            let headers = ["x-signature": bad]
            #expect(rules.judge(request(body, headers: headers), provider: "p") == .failure(.unauthorised))
        }
        #expect(
            rules.judge(request(body + " ", headers: ["x-signature": good]), provider: "p") == .failure(.unauthorised)
        )
    }

    /// The example of Twilio's documentation on securing requests.
    @Test("Twilio's signature over its URL and the sorted fields")
    func twilio() {
        let rules = ReceiptRules(
            proof: .twilio(url: "https://mycompany.com/myapp.php?foo=1&bar=2", authToken: secret),
            idPointer: "/CallSid",
            statusPointer: "/Digits",
            delivered: ["1234"]
        )
        let body = "Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030&CallSid=CA1234567890ABCDE"
        func judge(_ signature: String) -> Result<ProviderReceipt?, ReceiptRefusal> {
            let headers = ["x-twilio-signature": signature]
            return rules.judge(
                request(body, headers: headers, type: "application/x-www-form-urlencoded"),
                provider: "p"
            )
        }
        #expect(judge("0/KCTR6DLpKmkAf8muzZqo1nDgQ=") == delivered("CA1234567890ABCDE"))
        #expect(judge("1/KCTR6DLpKmkAf8muzZqo1nDgQ=") == .failure(.unauthorised))
        #expect(judge("") == .failure(.unauthorised))
    }
}
