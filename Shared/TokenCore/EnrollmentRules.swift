/// What a token's holder is set up with, told once.
package enum ProvisionedSecret: Sendable {
    /// Soft HOTP and TOTP.
    case keyURI(KeyURI)
    case recoveryCodes([String])
}

extension ProvisionedSecret: CustomStringConvertible, CustomReflectable {
    /// Never the secret.
    package var description: String { "‹redacted›" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A token that was just enrolled or provisioned anew.
package struct ProvisionedToken: Sendable {
    package let token: Token
    /// Nil for what the holder has already: a phone, a device.
    package let secret: ProvisionedSecret?
}

extension WorkingSet {
    /// Enrols a token for the context's user.
    ///
    /// Rejections: `malformed`, `unknown_token_type`, `type_not_enrollable`, `invalid_phone`, `invalid_email`,
    /// `no_contact`, `too_many_tokens`, `weak_secret`, `secret_taken`, `invalid_ciphertext`, `plaintext_not_allowed`,
    /// and for hardware those of ``enrollDevice(_:_:_:)``. Only what wrong values count is kept of a refusal.
    package mutating func enroll(
        _ request: EnrollmentRequest,
        _ context: DecisionContext
    ) -> CountedOutcome<ProvisionedToken> {
        do throws(Rejection) {
            try TextRules.check(request.text, field: "/description")
            try TextRules.check(expiresAt: request.expiresAt, at: context.now)
            guard let type = context.catalogue[request.tokenType] else { throw Rejection(.unknownTokenType) }
            guard !type.isRetired, type.policy.permits.enrollable else { throw Rejection(.typeNotEnrollable) }
            if type.isHardware { return try enrollDevice(request, type, context) }
            let provisioned = try add(request, type, context)
            return CountedOutcome(provisioned, tokenID: provisioned.token.id)
        } catch {
            return CountedOutcome(error, tokenID: nil)
        }
    }

    /// A token that begins with its enrolment; devices were in the stock before.
    private mutating func add(
        _ request: EnrollmentRequest,
        _ type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) -> ProvisionedToken {
        var record = self[context.user]
        let device = try record.device(request, type.kind)
        try record.requireRoom(for: type, context)
        var token = Token(new: request, of: type, device, context)
        var secret: ProvisionedSecret?
        if type.kind.isOATH {
            let seed = try request.secret.map { text throws(Rejection) in try untakenSeed(text, context) }
            secret = .keyURI(token.provision(seed: seed, rules: type.policy.otp, context))
        } else if type.kind == .recovery {
            let made = RecoveryCodes.make(
                count: request.count ?? RecoveryCodes.standardCount,
                for: token.id,
                in: context
            )
            token.recovery = made.stored
            secret = .recoveryCodes(made.codes)
        }
        record.lockout = record.lockout ?? Lockout()
        record[token.id] = token
        self[context.user] = record
        if let digest = token.oath?.secret.digest { seeds.take([digest], for: token.id) }
        return ProvisionedToken(token: token, secret: secret)
    }

    /// A seed that a command brought and that no token of the tenant has.
    private func untakenSeed(_ text: String, _ context: DecisionContext) throws(Rejection) -> [UInt8] {
        let submitted = SubmittedSeed(text, owner: .user(context.user))
        let seed = try SeedRules.seed(fromBase32: context.envelopes.open(submitted, at: context.now))
        let digests = context.cryptography.digests(ofSeed: seed, tenant: context.user.tenant)
        guard seeds.holder(of: digests) == nil else { throw Rejection(.secretTaken) }
        return seed
    }
}

extension UserRecord {
    /// Gives a PENDING soft token a new seed; what the old one computes is worthless from then on.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `not_provisionable`, `wrong_status`.
    package mutating func provision(
        _ id: TokenID,
        ifVersion: Int64?,
        _ context: DecisionContext
    ) throws(Rejection) -> ProvisionedToken {
        var token = try token(id, ifVersion: ifVersion)
        _ = try admit(.provision, to: token, context)
        let keyURI = token.provision(seed: nil, rules: context.catalogue.policy(of: token).otp, context)
        token.touch(at: context.now)
        self[id] = token
        return ProvisionedToken(token: token, secret: .keyURI(keyURI))
    }

    /// A token that a command names.
    ///
    /// - Throws: `token_not_found`, also for another user's token; `version_conflict`.
    package func token(_ id: TokenID, ifVersion: Int64?) throws(Rejection) -> Token {
        guard let token = self[id], token.status != .deleted else { throw Rejection(.tokenNotFound) }
        try token.requireVersion(ifVersion)
        return token
    }

    fileprivate func device(_ request: EnrollmentRequest, _ kind: TokenKind) throws(Rejection) -> Token.Device {
        switch kind {
        case .sms:
            guard let phone = request.phone else { throw .malformed(field: "/phone") }
            guard ContactRules.isPhone(phone) else { throw Rejection(.invalidPhone) }
            return Token.Device(channel: .sms, address: phone)
        case .email:
            guard let email = request.email else { throw .malformed(field: "/email") }
            guard ContactRules.isEmail(email) else { throw Rejection(.invalidEmail) }
            return Token.Device(channel: .email, address: email)
        case .virtual:
            guard let channel = request.channel else { throw .malformed(field: "/channel") }
            guard contact?.address(channel) != nil else { throw Rejection(.noContact) }
            return Token.Device(channel: channel)
        case .hotp, .totp, .recovery:
            return Token.Device()
        }
    }

    /// - Throws: `too_many_tokens` where the user has as many tokens of the type as its policy allows; those that are
    ///   of no use any more are not counted.
    func requireRoom(for type: TokenType, _ context: DecisionContext) throws(Rejection) {
        let living = tokens.count { token in
            guard token.type.name == type.name else { return false }
            switch token.effectiveStatus(in: context.catalogue, at: context.now) {
            case .pending, .active, .disabled: return true
            case .obsolete, .compromised, .unassigned, .deleted: return false
            }
        }
        guard living < type.policy.life.maxPerUser else { throw Rejection(.tooManyTokens) }
    }
}

extension Token {
    fileprivate init(
        new request: EnrollmentRequest,
        of type: TokenType,
        _ device: Device,
        _ context: DecisionContext
    ) {
        self.init(
            id: TokenID(context.newID()),
            owner: context.user,
            type: TypeReference(type),
            status: .pending,
            device: device,
            times: Times(createdAt: context.now)
        )
        begin(request.activate ?? type.defaultActivation, type.policy.life, at: context.now)
        if let end = request.expiresAt { times.expiresAt = end }
        description = request.text
    }

    /// ACTIVE from now on, or PENDING until the first OTP; ends after the policy's `lifetime`, unless an end is set.
    mutating func begin(_ activation: TypePolicy.Activation, _ life: TypePolicy.LifeRules, at now: Instant) {
        let isActive = activation == .now
        status = isActive ? .active : .pending
        times.activatedAt = isActive ? now : nil
        times.activateBefore = isActive ? nil : now.adding(seconds: Int64(life.pendingTimeToLive))
        times.expiresAt = times.expiresAt ?? life.lifetime.map { now.adding(seconds: Int64($0)) }
    }

    /// Seals a seed, new where none is given, into the token and starts its counting anew.
    fileprivate mutating func provision(
        seed: [UInt8]?,
        rules: TypePolicy.OTPRules,
        _ context: DecisionContext
    ) -> KeyURI {
        let seed = seed ?? SeedRules.makeSeed(rules.algorithm, context.random)
        let state = OATHState(
            secret: context.cryptography.seal(seed: seed, for: id, tenant: tenant),
            algorithm: rules.algorithm,
            digits: rules.digits,
            period: rules.period
        )
        oath = state
        return KeyURI(kind: type.kind, seed: seed, state: state, issuer: tenant, account: userID ?? "")
    }

    /// An operator's change: readers of views see that there was one.
    package mutating func touch(at now: Instant) {
        version += 1
        times.updatedAt = now
    }
}
