import TestSupport
import TokenCore

/// One user's state and a clock to set, for tests of verification.
struct Scene {
    static let start = Instant(seconds: 1_700_000_000)

    var state = WorkingSet()
    var now = Scene.start
    var types: [String: TokenType]
    var limits = SendingLimits(user: [], destination: [])
    let user: UserKey
    let random: SeededSource

    init(seed: UInt64 = 1, userID: String = "alice") {
        user = UserKey(tenant: "default", userID: userID)
        random = SeededSource(seed: seed)
        types = Dictionary(TokenType.builtIn.map { ($0.name, $0) }) { first, _ in first }
    }

    var context: DecisionContext {
        DecisionContext(
            now: now,
            user: user,
            catalogue: TypeCatalogue(Array(types.values)),
            asker: Asker(id: "iam"),
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            random: random,
            limits: limits
        )
    }

    var record: UserRecord {
        get { state[user] }
        set { state[user] = newValue }
    }

    mutating func rule(_ type: String, _ change: (inout TypePolicy) -> Void) {
        guard var found = types[type] else { return }
        change(&found.policy)
        types[type] = found
    }

    /// Adds a token of a built-in type; HOTP and TOTP ones hold ``seed(of:)``.
    @discardableResult
    mutating func add(
        _ type: String,
        status: TokenStatus = .active,
        address: String? = nil,
        channel: Channel? = nil
    ) -> TokenID {
        let tokenType = types[type] ?? TokenType(name: type, kind: .totp)
        let id = TokenID(context.newID())
        var times = Token.Times(createdAt: now)
        times.activateBefore = status == .pending ? now.adding(seconds: 604_800) : nil
        let way: Channel? = tokenType.kind == .sms ? .sms : tokenType.kind == .email ? .email : channel
        var token = Token(
            id: id,
            owner: user,
            type: Token.TypeReference(tokenType),
            status: status,
            device: Token.Device(
                channel: way,
                address: address ?? (way == .sms ? "+41790000067" : way == .email ? "alice@example.org" : nil)
            ),
            times: times
        )
        if tokenType.kind == .virtual { token.device.address = nil }
        if tokenType.kind.isOATH {
            token.oath = OATHState(
                secret: SealedSecret(bytes: Self.seed(of: id)),
                algorithm: .sha1,
                digits: 6,
                period: 30
            )
        }
        record[id] = token
        record.lockout = record.lockout ?? Lockout()
        return id
    }

    static func seed(of token: TokenID) -> [UInt8] { Array("seed of \(token)".utf8) }

    /// What the device of a token shows for a counter or step.
    func shown(_ token: TokenID, _ factor: Int64, digits: Int = 6) -> String {
        text(HOTP.value(of: HMACDevice(seed: Self.seed(of: token)), at: factor, digits: digits), digits)
    }

    var step: Int64 { now.seconds / 30 }

    mutating func verify(
        _ otp: String,
        _ purpose: Purpose = .login,
        token: TokenID? = nil,
        challenge: ChallengeID? = nil,
        context bytes: [UInt8]? = nil
    ) -> CountedOutcome<Verification>? {
        guard let submitted = try? SubmittedOTP(otp) else { return nil }
        let attempt = VerificationAttempt(
            otp: submitted,
            purpose: purpose,
            tokenID: token,
            challengeID: challenge,
            context: bytes
        )
        let context = context
        return state[user].verify(attempt, in: context)
    }

    /// The code of the answer; `ok` for a success.
    mutating func code(
        _ otp: String,
        _ purpose: Purpose = .login,
        token: TokenID? = nil,
        challenge: ChallengeID? = nil,
        context: [UInt8]? = nil
    ) -> String {
        Self.code(verify(otp, purpose, token: token, challenge: challenge, context: context)?.result)
    }

    static func code<Success>(_ result: Result<Success, Rejection>?) -> String {
        switch result {
        case .success?: "ok"
        case .failure(let rejection)?: rejection.code.rawValue
        case nil: "unreadable"
        }
    }

    mutating func request(
        _ purpose: Purpose = .login,
        token: TokenID? = nil,
        approval: Approval? = nil
    ) -> Result<RequestedOTP, Rejection> {
        state.requestOTP(OTPRequest(tokenID: token, purpose: purpose, approval: approval), in: context)
    }

    mutating func reset(_ token: TokenID, _ first: String, _ second: String) -> CountedOutcome<TokenReset>? {
        guard let one = try? SubmittedOTP(first), let two = try? SubmittedOTP(second) else { return nil }
        let context = context
        return state[user].reset(token, one, two, in: context)
    }

    mutating func unlock(_ token: TokenID) throws -> Bool { try record.unlock(token, at: now) }

    mutating func unlockUser() -> Bool { record.unlock() }

    mutating func cancel(_ challenge: ChallengeID) throws { try record.cancel(challenge) }

    func token(_ id: TokenID) -> Token? { record[id] }
}

/// A number as the digits that a device shows.
func text(_ number: UInt32, _ digits: Int) -> String {
    let shown = String(number)
    return String(repeating: "0", count: max(0, digits - shown.count)) + shown
}

/// A value of as many digits that is none of `values`.
func wrong(_ values: String...) -> String {
    let length = values.first?.count ?? 6
    return (0...9).map { String(repeating: String($0), count: length) }.first { !values.contains($0) } ?? ""
}
