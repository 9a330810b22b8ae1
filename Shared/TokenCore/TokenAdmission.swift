extension UserRecord {
    /// Decides whether a command on a token may go ahead, by the token's nature, its status at the instant, its type's
    /// policy and the user's other tokens.
    ///
    /// Commands and the view's `actions` both ask here, so that an action shown is an action that works.
    ///
    /// - Returns: whether there is anything to change.
    /// - Throws: `not_hardware`, `not_resettable`, `not_provisionable`, `wrong_status`, `not_assigned`,
    ///   `not_editable`, `last_active_token`.
    package func admit(
        _ command: StatusTable.Command,
        to token: Token,
        _ context: DecisionContext
    ) throws(Rejection) -> StatusTable.Admission {
        if let code = token.type.refusal(of: command) { throw Rejection(code) }
        let status = token.effectiveStatus(in: context.catalogue, at: context.now)
        let admission = StatusTable.admission(command, status)
        if case .refused(let code) = admission {
            throw Rejection(code, .init(status: code == .wrongStatus ? status : nil))
        }
        let permits = context.catalogue.policy(of: token).permits
        switch command {
        case .edit where !permits.editable:
            throw Rejection(.notEditable)
        case .disable where admission == .allowed, .delete:
            if permits.requireActiveToken, isLastActive(token, context) { throw Rejection(.lastActiveToken) }
        default:
            break
        }
        return admission
    }

    /// How many tokens are ACTIVE at the instant, recovery codes not counted: `activeTokensLeft`.
    package func activeTokenCount(_ context: DecisionContext) -> Int {
        tokens.count { $0.countsAsActive(context) }
    }

    private func isLastActive(_ token: Token, _ context: DecisionContext) -> Bool {
        token.countsAsActive(context) && activeTokenCount(context) == 1
    }

    /// What the token allows now to the one who asks, in the contract's order.
    package func actions(of token: Token, _ context: DecisionContext) -> [TokenAction] {
        TokenAction.allCases.filter { action in
            holdsPrivileges(for: action, on: token, context.asker) && isOpen(action, on: token, context)
        }
    }

    /// A rejection is the answer no.
    private func succeeds(_ question: () throws(Rejection) -> Bool) -> Bool {
        do {
            return try question()
        } catch {
            return false
        }
    }

    private func isOpen(_ action: TokenAction, on token: Token, _ context: DecisionContext) -> Bool {
        guard succeeds({ () throws(Rejection) in try admit(action.command, to: token, context) == .allowed }) else {
            return false
        }
        switch action {
        case .test:
            return context.catalogue.policy(of: token).permits.testable && hasValues(token)
                && !isLocked(token, context.now)
        case .reset:
            return succeeds { () throws(Rejection) in
                _ = try admitReset(of: token, ifVersion: nil, in: context)
                return true
            }
        case .unlock:
            return token.lockout.isLocked(at: context.now)
        case .edit, .disable, .enable, .delete, .unassign, .compromise, .provision:
            return true
        }
    }

    /// Whether there is an OTP to be had at all.
    private func hasValues(_ token: Token) -> Bool {
        switch token.type.kind {
        case .sms, .email, .virtual: address(of: token) != nil
        case .recovery: token.recovery.map { !$0.unused.isEmpty } ?? false
        case .hotp, .totp: true
        }
    }

    private func isLocked(_ token: Token, _ now: Instant) -> Bool {
        token.lockout.isLocked(at: now) || (lockout?.isLocked(at: now) ?? false)
    }

    private func holdsPrivileges(for action: TokenAction, on token: Token, _ asker: Asker) -> Bool {
        // Without a list all are held, and none has to be named.
        guard asker.privileges != nil else { return true }
        let isDelivered = token.type.kind.isDelivered
        return action.privileges(isDelivered: isDelivered).allSatisfy { asker.holds($0, on: key) }
    }

    /// Where the token's OTPs go at present: its own address, or for a virtual token the directory's.
    package func address(of token: Token) -> String? {
        guard token.type.kind == .virtual else { return token.device.address }
        return token.device.channel.flatMap { contact?.address($0) }
    }
}

extension Token {
    /// ACTIVE at the instant and no recovery code, which is a way back, not a way in.
    fileprivate func countsAsActive(_ context: DecisionContext) -> Bool {
        type.kind != .recovery && effectiveStatus(in: context.catalogue, at: context.now) == .active
    }
}

extension Token.TypeReference {
    /// A seed that a person puts into an app, as opposed to a device that came with it.
    package var isSoftOATH: Bool { kind.isOATH && !isHardware }

    fileprivate func refusal(of command: StatusTable.Command) -> Rejection.Code? {
        switch command {
        case .unassign, .compromise: isHardware ? nil : .notHardware
        case .reset: kind.isOATH ? nil : .notResettable
        case .provision: isSoftOATH ? nil : .notProvisionable
        case .view, .list, .delete, .edit, .enable, .disable, .activate, .use, .unlock: nil
        }
    }
}

extension TokenAction {
    fileprivate var command: StatusTable.Command {
        switch self {
        case .edit: .edit
        case .test: .use
        case .disable: .disable
        case .enable: .enable
        case .delete: .delete
        case .reset: .reset
        case .unassign: .unassign
        case .compromise: .compromise
        case .unlock: .unlock
        case .provision: .provision
        }
    }

    /// The command types that one has to be allowed to send for it.
    fileprivate func privileges(isDelivered: Bool) -> [String] {
        switch self {
        case .test: isDelivered ? ["otp.request", "otp.verify"] : ["otp.verify"]
        default: ["token.\(rawValue)"]
        }
    }
}

extension Asker {
    /// Whether the privilege is held for commands on `user`: at large, or with the suffix `:self` by the user.
    package func holds(_ privilege: String, on user: UserKey) -> Bool {
        guard let privileges else { return true }
        return privileges.contains(privilege) || (isUser(user) && privileges.contains("\(privilege):self"))
    }

    /// Two spellings of one letter (Unicode normalisation) are two users; a `~` key is no user.
    private func isUser(_ user: UserKey) -> Bool {
        guard let id, !user.isTenantWide else { return false }
        return id.utf8.elementsEqual(user.userID.utf8)
    }
}
