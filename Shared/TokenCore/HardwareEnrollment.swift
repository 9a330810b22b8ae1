/// `token.enroll` of hardware: a device of the stock gets a user, who may prove that he holds it.
extension WorkingSet {
    /// - Throws: `malformed`, `serial_not_found`, `serial_taken`, `serial_compromised`, `wrong_status` (a device of the
    ///   stock that has expired), `too_many_tokens`.
    /// - Returns: the token, or with what they counted `otp_mismatch`, `otp_wrong_order`, `otp_replayed`, `locked`.
    mutating func enrollDevice(
        _ request: EnrollmentRequest,
        _ type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) -> CountedOutcome<ProvisionedToken> {
        guard let hardware = request.hardware else { throw .malformed(field: "/serial") }
        try hardware.requireComplete(type.kind)
        let found = try stocked(hardware.serial, type, context)
        try self[context.user].requireRoom(for: type, context)

        var token = found.token
        if hardware.first != nil {
            switch try prove(hardware, token, context) {
            case .success(let factor): token.oath?.accept(factor, kind: type.kind, at: context.now)
            case .failure(let rejection): return refuse(rejection.code, found, context)
            }
        }
        token.assign(to: context.user, context)
        if let end = request.expiresAt { token.times.expiresAt = end }
        let activation = hardware.first == nil ? request.activate ?? type.defaultActivation : .now
        token.begin(activation, type.policy.life, at: context.now)
        token.description = request.text
        self[context.user].lockout = self[context.user].lockout ?? Lockout()
        place(token, with: context.user, from: found.holder)
        return CountedOutcome(ProvisionedToken(token: token, secret: nil), tokenID: token.id)
    }

    /// The device that nobody holds.
    private func stocked(
        _ serial: String,
        _ type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) -> FoundDevice {
        guard let found = device(DeviceKey(tenant: context.user.tenant, serial: serial)),
            found.token.type.name == type.name
        else { throw Rejection(.serialNotFound) }
        switch found.token.effectiveStatus(in: context.catalogue, at: context.now) {
        case .unassigned: return found
        case .compromised: throw Rejection(.serialCompromised)
        case .obsolete where found.token.userID == nil: throw Rejection(.wrongStatus, .init(status: .obsolete))
        case .pending, .active, .disabled, .obsolete, .deleted: throw Rejection(.serialTaken)
        }
    }

    /// - Returns: the counter or step of the last value, or why the values prove nothing.
    /// - Throws: `locked`.
    private func prove(
        _ hardware: HardwareProof,
        _ token: Token,
        _ context: DecisionContext
    ) throws(Rejection) -> Result<Int64, Rejection> {
        if let end = self[context.user].lockEnd(of: token, at: context.now) {
            throw .locked(until: end, at: context.now)
        }
        guard let first = hardware.first, let oath = token.oath, let device = context.device(of: token) else {
            return .failure(Rejection(.otpMismatch))
        }
        let rules = context.catalogue.policy(of: token).otp
        guard let second = hardware.second else {
            return switch oath.search(first, on: device, kind: token.type.kind, rules: rules, at: context.now) {
            case .accepted(let factor): .success(factor)
            case .replayed: .failure(Rejection(.otpReplayed))
            case .none: .failure(Rejection(.otpMismatch))
            }
        }
        let match = Resynchronization.search(
            first,
            second,
            on: device,
            oath,
            kind: token.type.kind,
            window: rules.resetWindow,
            at: context.now
        )
        return switch match {
        case .accepted(let factor): .success(factor)
        case .wrongOrder: .failure(Rejection(.otpWrongOrder))
        case .replayed: .failure(Rejection(.otpReplayed))
        case .none: .failure(Rejection(.otpMismatch))
        }
    }

    /// A wrong value counts for the user, if there is one yet, and for the device.
    private mutating func refuse(
        _ code: Rejection.Code,
        _ found: FoundDevice,
        _ context: DecisionContext
    ) -> CountedOutcome<ProvisionedToken> {
        let id = found.token.id
        guard code.countsAsFailure else { return CountedOutcome(Rejection(code), tokenID: id) }
        let policy = context.catalogue.policy(of: found.token)
        var counted = CountedFailure(attemptsLeft: .max)
        if users[context.user]?.lockout != nil {
            counted = self[context.user].countFailure(.challenges([]), policies: [policy], in: context)
        }
        self[found.holder].count(id, into: &counted, in: context)
        return CountedOutcome(Rejection(code, counted.details), tokenID: id, counted: counted)
    }
}

extension HardwareProof {
    /// HOTP is proved by two values, since one of a large window is too easily guessed; TOTP by one, or by two where
    /// the device's clock is off.
    fileprivate func requireComplete(_ kind: TokenKind) throws(Rejection) {
        guard !serial.isEmpty else { throw .malformed(field: "/serial") }
        if first == nil, second != nil { throw .malformed(field: "/otp1") }
        if kind == .hotp, first != nil, second == nil { throw .malformed(field: "/otp2") }
    }
}

extension Token {
    /// A device of the stock comes into a user's hands; its counter and drift are its own and stay.
    mutating func assign(to user: UserKey, _ context: DecisionContext) {
        userID = user.userID
        statusReason = nil
        lockout = Lockout()
        // A device that was never activated may still bear what was set for the user before.
        description = nil
        times.expiresAt = device.endOfLife
        touch(at: context.now)
    }
}
