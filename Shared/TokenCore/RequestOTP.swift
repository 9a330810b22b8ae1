/// An OTP is asked for.
package struct OTPRequest: Sendable {
    /// Nil: the user's only deliverable token.
    package let tokenID: TokenID?
    /// What the OTP is to be good for.
    package let purpose: Purpose
    /// Approval only, and there required.
    package let approval: Approval?

    /// A request; its context was checked when it was made.
    package init(tokenID: TokenID? = nil, purpose: Purpose, approval: Approval? = nil) {
        self.tokenID = tokenID
        self.purpose = purpose
        self.approval = approval
    }
}

/// An OTP to deliver, and what may be told about it.
package struct RequestedOTP: Sendable {
    /// The challenge, as it is stored.
    package let challenge: Challenge
    /// The token that it is sent for.
    package let tokenID: TokenID
    /// The value, for the sealed message alone; shows itself in no description.
    package let value: SubmittedOTP
    /// How it travels.
    package let channel: Channel
    /// Where it goes, in clear.
    package let address: String
    /// When the next one may be asked for.
    package let resendAfter: Instant
    /// Values that may still be asked for in this challenge.
    package let sendsLeft: Int
    /// The challenge was open before, and got a new value.
    package let isResend: Bool
    /// The guard against pumping would have stopped it, were it switched on.
    package let isSuspect: Bool
}

extension WorkingSet {
    /// `otp.request`: a new challenge, or a new value for the one that is open.
    ///
    /// A refusal changes nothing.
    package mutating func requestOTP(
        _ request: OTPRequest,
        in context: DecisionContext
    ) -> Result<RequestedOTP, Rejection> {
        do {
            return .success(try issue(request, in: context))
        } catch {
            return .failure(error)
        }
    }

    private mutating func issue(_ request: OTPRequest, in context: DecisionContext) throws(Rejection) -> RequestedOTP {
        switch (request.purpose, request.approval) {
        case (.approval, nil): throw .malformed(field: "/context")
        case (.approval, _?), (_, nil): break
        case (_, _?): throw Rejection(.contextNotAllowed)
        }
        guard var record = users[context.user] else {
            throw Rejection(request.tokenID == nil ? .noActiveToken : .tokenNotFound)
        }
        let (token, target) = try record.recipient(of: request, in: context)
        if let end = record.lockEnd(of: token, at: context.now) { throw .locked(until: end, at: context.now) }

        let rules = SendingRules(
            limits: context.limits,
            user: context.user,
            channel: target.channel,
            address: target.address,
            now: context.now
        )
        let policy = context.catalogue.policy(of: token)
        let open = record.openChallenge(of: token, request.purpose, in: context)
        let resent = open.flatMap { $0.isFor(request.approval, context.cryptography) ? $0 : nil }
        if let resent { try policy.requireResend(of: resent, at: context.now) }
        let isSuspect = try rules.check(sends, conversions)

        let value = context.random.digits(policy.otp.digits)
        let challenge =
            resent.map { $0.resent(value, in: context, digits: policy.otp.digits) }
            ?? Challenge(for: token, request, value, policy, rules.smsPrefix, in: context)
        if resent == nil, var replaced = open {
            replaced.state = .superseded
            record[replaced.id] = replaced
        }
        record[challenge.id] = challenge
        users[context.user] = record
        rules.record(in: &sends)
        if let prefix = rules.smsPrefix {
            conversions.recordSent(context.user.tenant, prefix, begun: challenge.createdAt)
        }
        return RequestedOTP(
            challenge: challenge,
            tokenID: token.id,
            value: try SubmittedOTP(value),
            channel: target.channel,
            address: target.address,
            resendAfter: challenge.otp.lastSentAt.adding(seconds: Int64(policy.challenge.resendAfter)),
            sendsLeft: max(0, policy.challenge.maxSends - challenge.otp.sends),
            isResend: resent != nil,
            isSuspect: isSuspect
        )
    }
}

extension UserRecord {
    fileprivate typealias Target = (channel: Channel, address: String)

    /// The token that the request means, and where its OTP goes.
    fileprivate func recipient(
        of request: OTPRequest,
        in context: DecisionContext
    ) throws(Rejection) -> (Token, Target) {
        if let id = request.tokenID {
            guard let token = self[id] else { throw Rejection(.tokenNotFound) }
            let status = token.effectiveStatus(in: context.catalogue, at: context.now)
            guard status.admits(request.purpose) else { throw Rejection(.wrongStatus, .init(status: status)) }
            guard let target = target(of: token, request.purpose) else { throw Rejection(.notDeliverable) }
            guard token.permits(request.purpose, in: context) else { throw Rejection(.forbidden) }
            return (token, target)
        }
        let admitted = tokens.filter {
            $0.effectiveStatus(in: context.catalogue, at: context.now).admits(request.purpose)
        }
        guard !admitted.isEmpty else { throw Rejection(.noActiveToken) }
        let deliverable = admitted.compactMap { token in
            target(of: token, request.purpose).map { (token, $0) }
        }
        guard let first = deliverable.first else { throw Rejection(.notDeliverable) }
        let permitted = deliverable.filter { $0.0.permits(request.purpose, in: context) }
        guard permitted.count <= 1 else { throw Rejection(.ambiguousToken) }
        guard let only = permitted.first else {
            throw Rejection(first.0.permits(request.purpose, in: context) ? .notDeliverable : .forbidden)
        }
        return only
    }

    /// Where the token's OTP for a purpose goes: to be proved, the new address.
    private func target(of token: Token, _ purpose: Purpose) -> Target? {
        guard token.type.kind.isDelivered, let channel = token.device.channel else { return nil }
        let current = token.type.kind == .virtual ? contact?.address(channel) : token.device.address
        return (purpose == .contactChange ? token.device.pendingAddress : current).map { (channel, $0) }
    }

    fileprivate func openChallenge(
        of token: Token,
        _ purpose: Purpose,
        in context: DecisionContext
    ) -> Challenge? {
        challenges.first {
            $0.tokenID == token.id && $0.purpose == purpose && state(of: $0, in: context) == .open
        }
    }
}

extension Token {
    fileprivate func permits(_ purpose: Purpose, in context: DecisionContext) -> Bool {
        purpose != .test || context.catalogue.policy(of: self).permits.testable
    }
}

extension TypePolicy {
    /// - Throws: `too_many_requests` before the next value may be asked for, or when all were sent.
    fileprivate func requireResend(of challenge: Challenge, at now: Instant) throws(Rejection) {
        let next = challenge.otp.lastSentAt.adding(seconds: Int64(self.challenge.resendAfter))
        let isSpent = challenge.otp.sends >= self.challenge.maxSends
        guard now < next || isSpent else { return }
        let end = isSpent ? challenge.expiresAt : min(next, challenge.expiresAt)
        throw Rejection(.tooManyRequests, .init(retryAfter: now.secondsUntil(end)))
    }
}

extension Challenge {
    fileprivate init(
        for token: Token,
        _ request: OTPRequest,
        _ value: String,
        _ policy: TypePolicy,
        _ smsPrefix: String?,
        in context: DecisionContext
    ) {
        let id = ChallengeID(context.newID())
        self.init(
            id: id,
            tokenID: token.id,
            purpose: request.purpose,
            createdAt: context.now,
            expiresAt: context.now.adding(seconds: Int64(policy.challenge.timeToLive)),
            otp: IssuedOTP(
                digits: policy.otp.digits,
                current: context.cryptography.digest(otp: value, of: id),
                sentAt: context.now,
                notificationID: NotificationID(context.newID())
            ),
            binding: request.approval.map {
                Binding(
                    reference: $0.reference,
                    context: context.cryptography.digest(context: $0.canonical, of: id)
                )
            },
            smsPrefix: smsPrefix
        )
    }

    /// Whether a further request means this challenge: an approval's context has to be the same.
    fileprivate func isFor(_ approval: Approval?, _ cryptography: any TokenCryptography) -> Bool {
        switch (binding, approval) {
        case (let binding?, let approval?):
            cryptography.matches(context: approval.canonical, digest: binding.context, of: id)
        case (nil, nil): true
        case (nil, _?), (_?, nil): false
        }
    }

    /// The same challenge with a new value; attempts and end stay.
    fileprivate func resent(_ value: String, in context: DecisionContext, digits: Int) -> Challenge {
        var challenge = self
        challenge.otp.replaced.append(otp.current)
        challenge.otp.digits = digits
        challenge.otp.current = context.cryptography.digest(otp: value, of: id)
        challenge.otp.sends += 1
        challenge.otp.lastSentAt = context.now
        challenge.otp.notificationID = NotificationID(context.newID())
        return challenge
    }
}
