/// What `token.enroll` asks for, by the kind of the token's type.
package struct EnrollmentRequest: Sendable {
    package var tokenType: String
    package var phone: String?
    package var email: String?
    package var channel: Channel?
    /// Base32, or a JWE of it; soft HOTP and TOTP only. Made here where absent.
    package var secret: String?
    /// The token's `description`.
    package var text: String?
    package var expiresAt: Instant?
    package var activate: TypePolicy.Activation?

    package init(
        tokenType: String,
        phone: String? = nil,
        email: String? = nil,
        channel: Channel? = nil,
        secret: String? = nil
    ) {
        self.tokenType = tokenType
        self.phone = phone
        self.email = email
        self.channel = channel
        self.secret = secret
    }
}

extension EnrollmentRequest: CustomStringConvertible, CustomReflectable {
    /// Names the type only: the rest may be a secret or contact data.
    package var description: String { "enrolment of \(tokenType)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A token that was just enrolled or provisioned anew, and what its app is set up with.
package struct ProvisionedToken: Sendable {
    package let token: Token
    /// Soft HOTP and TOTP only.
    package let keyURI: KeyURI?
}

extension UserRecord {
    /// Enrols a token for the user.
    ///
    /// - Throws: `malformed`, `unknown_token_type`, `type_not_enrollable`, `invalid_phone`, `invalid_email`,
    ///   `no_contact`, `too_many_tokens`, `weak_secret`, `secret_taken`, `invalid_ciphertext`,
    ///   `plaintext_not_allowed`; the record is then unchanged.
    package mutating func enroll(
        _ request: EnrollmentRequest,
        _ context: DecisionContext
    ) throws(Rejection) -> ProvisionedToken {
        try TextRules.check(request.text, field: "/description")
        try TextRules.check(expiresAt: request.expiresAt, at: context.now)
        guard let type = context.catalogue[request.tokenType] else { throw Rejection(.unknownTokenType) }
        // Stock and recovery codes have no way in yet.
        guard !type.isRetired, type.policy.permits.enrollable, !type.isHardware, type.kind != .recovery else {
            throw Rejection(.typeNotEnrollable)
        }

        let device = try device(request, type.kind)
        guard livingTokens(of: type, context) < type.policy.life.maxPerUser else { throw Rejection(.tooManyTokens) }

        var token = newToken(of: type, request, device, context)
        var keyURI: KeyURI?
        if token.type.isSoftOATH {
            let seed = try request.secret.map { text throws(Rejection) in
                try SeedRules.seed(
                    fromBase32: context.envelopes.open(text, member: "secret", owner: key, at: context.now)
                )
            }
            keyURI = provision(&token, seed: seed, rules: type.policy.otp, context)
            if request.secret != nil, let state = token.oath, holdsSeed(of: state, sealedFor: token.id, context) {
                throw Rejection(.secretTaken)
            }
        }

        lockout = lockout ?? Lockout()
        self[token.id] = token
        return ProvisionedToken(token: token, keyURI: keyURI)
    }

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
        let keyURI = provision(&token, seed: nil, rules: context.catalogue.policy(of: token).otp, context)
        token.touch(at: context.now)
        self[id] = token
        return ProvisionedToken(token: token, keyURI: keyURI)
    }

    /// A token that a command names.
    ///
    /// - Throws: `token_not_found`, also for another user's token; `version_conflict`.
    package func token(_ id: TokenID, ifVersion: Int64?) throws(Rejection) -> Token {
        guard let token = self[id], token.status != .deleted else { throw Rejection(.tokenNotFound) }
        try token.requireVersion(ifVersion)
        return token
    }

    private func device(_ request: EnrollmentRequest, _ kind: TokenKind) throws(Rejection) -> Token.Device {
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

    /// The user's tokens of a type that are of use or still can be.
    private func livingTokens(of type: TokenType, _ context: DecisionContext) -> Int {
        tokens.count { token in
            guard token.type.name == type.name else { return false }
            switch token.effectiveStatus(in: context.catalogue, at: context.now) {
            case .pending, .active, .disabled: return true
            case .obsolete, .compromised, .unassigned, .deleted: return false
            }
        }
    }

    private func newToken(
        of type: TokenType,
        _ request: EnrollmentRequest,
        _ device: Token.Device,
        _ context: DecisionContext
    ) -> Token {
        let now = context.now
        let life = type.policy.life
        let isActive = (request.activate ?? type.defaultActivation) == .now
        var times = Token.Times(createdAt: now)
        times.expiresAt = request.expiresAt ?? life.lifetime.map { now.adding(seconds: Int64($0)) }
        times.activatedAt = isActive ? now : nil
        times.activateBefore = isActive ? nil : now.adding(seconds: Int64(life.pendingTimeToLive))
        var token = Token(
            id: TokenID(context.newID()),
            owner: key,
            type: Token.TypeReference(type),
            status: isActive ? .active : .pending,
            device: device,
            times: times
        )
        token.description = request.text
        return token
    }

    /// Seals a seed, new where none is given, into the token and starts its counting anew.
    private func provision(
        _ token: inout Token,
        seed: [UInt8]?,
        rules: TypePolicy.OTPRules,
        _ context: DecisionContext
    ) -> KeyURI {
        let seed = seed ?? SeedRules.makeSeed(rules.algorithm, context.random)
        let state = OATHState(
            secret: context.cryptography.seal(seed: seed, for: token.id, tenant: token.tenant),
            algorithm: rules.algorithm,
            digits: rules.digits,
            period: rules.period
        )
        token.oath = state
        return KeyURI(kind: token.type.kind, seed: seed, state: state, issuer: key.tenant, account: key.userID)
    }
}

extension Token {
    /// An operator's change: readers of views see that there was one.
    package mutating func touch(at now: Instant) {
        version += 1
        times.updatedAt = now
    }
}
