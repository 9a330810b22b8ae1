import Contract
import TestSupport
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import Verifier

/// Tokens made by commands, each in one status, and what the person with the device reads on it.
struct Bench {
    var stage = Stage()
    let seed: [UInt8]
    let algorithm: HashAlgorithm
    var digits: Int

    static let alice = Stage.user("alice")

    init(seed: [UInt8] = Palette.seeds[0], algorithm: HashAlgorithm = .sha1, digits: Int = 6) {
        self.seed = seed
        self.algorithm = algorithm
        self.digits = digits
        rule { policy in
            policy.otp.algorithm = algorithm
            policy.otp.digits = digits
        }
    }

    struct Refused: Error {
        let word: String
    }

    mutating func rule(_ change: (inout TypePolicy) -> Void) {
        for index in stage.types.indices { change(&stage.types[index].policy) }
    }

    mutating func send<Handler: CommandHandler>(
        _ handler: Handler,
        _ data: JSONObject,
        on key: UserKey = alice
    ) -> Answer {
        stage.now.microseconds += 1_000
        return Answer(outcome: stage.send(handler, data, on: key))
    }

    /// - Throws: ``Refused`` unless the answer is `ok`.
    @discardableResult
    mutating func ok<Handler: CommandHandler>(
        _ handler: Handler,
        _ data: JSONObject,
        on key: UserKey = alice
    ) throws -> JSONObject {
        let answer = send(handler, data, on: key)
        guard let result = answer.result else { throw Refused(word: answer.word) }
        return result
    }

    mutating func wait(_ seconds: Int64) { stage.now = stage.now.adding(seconds: seconds) }

    /// Brings a device into the stock, or what the entry says.
    mutating func bring(_ type: String, _ entry: JSONObject = [:]) throws {
        var device: JSONObject = ["serial": "S-1", "secret": .string(Base32.encode(seed))]
        for member in entry { device.set(member.name, to: member.value) }
        let data: JSONObject = ["tokenType": .string(type), "tokens": .array([.object(device)])]
        try ok(ImportTokensHandler(), data, on: Stage.operators)
    }

    mutating func enroll(_ data: JSONObject) throws -> String {
        let result = try ok(EnrollTokenHandler(), data)
        guard let id = result["token"]?.objectValue?.text("tokenId") else { throw Refused(word: "no token") }
        return id
    }

    /// A soft token with the bench's own seed, ACTIVE.
    mutating func soft(_ type: String) throws -> String {
        try enroll(["tokenType": .string(type), "secret": .string(Base32.encode(seed)), "activate": "now"])
    }

    /// What the device shows for a counter or step.
    func shown(_ factor: Int64) -> String {
        var device = ModelDevice(seed: seed, isHOTP: true, algorithm: algorithm, digits: digits, period: 30)
        device.next = factor
        return device.shown(factor)
    }

    var step: Int64 { stage.now.seconds / 30 }

    mutating func verify(_ value: String, _ token: String) -> String {
        let data: JSONObject = ["otp": .string(value), "purpose": "login", "tokenId": .string(token)]
        return send(VerifyOTPHandler(), data).word
    }

    mutating func reset(_ token: String, _ first: String, _ second: String) -> String {
        let data: JSONObject = ["tokenId": .string(token), "otp1": .string(first), "otp2": .string(second)]
        return send(ResetTokenHandler(), data).word
    }

    /// The counter or step that is expected next, and the drift, as stored.
    func position(_ token: String) -> (next: Int64, drift: Int)? {
        let found = stage.tokens.first { $0.token.id.description == token }?.token.oath
        return found.map { ($0.movingFactor, $0.drift) }
    }

    /// The status at the instant; DELETED where the token is not there.
    func status(_ token: String) -> TokenStatus {
        let found = stage.tokens.first { $0.token.id.description == token }?.token
        return found?.effectiveStatus(in: TypeCatalogue(stage.types), at: stage.now) ?? .deleted
    }
}
