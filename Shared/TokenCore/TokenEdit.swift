/// What a command says of a field that can be emptied.
package enum FieldChange<Value: Equatable & Sendable>: Equatable, Sendable {
    /// The field is absent.
    case keep
    /// The field is null.
    case clear
    case set(Value)

    /// The value after the change.
    package func applied(to current: Value?) -> Value? {
        switch self {
        case .keep: current
        case .clear: nil
        case .set(let value): value
        }
    }

    /// The value that the command brings.
    package var newValue: Value? {
        if case .set(let value) = self { value } else { nil }
    }
}

/// What `token.edit` asks for.
package struct TokenEdit: Equatable, Sendable {
    package var description: FieldChange<String>
    package var phone: String?
    package var email: String?
    package var expiresAt: FieldChange<Instant>

    package init(
        description: FieldChange<String> = .keep,
        phone: String? = nil,
        email: String? = nil,
        expiresAt: FieldChange<Instant> = .keep
    ) {
        self.description = description
        self.phone = phone
        self.email = email
        self.expiresAt = expiresAt
    }
}

/// What `token.edit` did.
package struct EditedToken: Sendable, Equatable {
    package let token: Token
    /// The edit asked for what was there already.
    package let isUnchanged: Bool
    /// Where the token's OTPs went before, if the edit changes or is about to change that: it is told.
    package let formerAddress: String?
}

extension UserRecord {
    /// Edits a token. A new address takes effect at once, or, with policy `contactChange` = `verify`, once an OTP
    /// sent to it came back; a PENDING token never proved its old address, so there it is immediate. Either way open
    /// challenges of the token are void: an OTP that is under way proves the address it was sent to, not the new one.
    ///
    /// - Throws: `token_not_found`, `version_conflict`, `wrong_status`, `not_editable`, `invalid_phone`,
    ///   `invalid_email`, `malformed`; the record is then unchanged.
    package mutating func edit(
        _ id: TokenID,
        _ edit: TokenEdit,
        ifVersion: Int64? = nil,
        _ context: DecisionContext
    ) throws(Rejection) -> EditedToken {
        try TextRules.check(edit.description.newValue, field: "/description")
        try TextRules.check(expiresAt: edit.expiresAt.newValue, at: context.now)
        let before = try token(id, ifVersion: ifVersion)
        _ = try admit(.edit, to: before, context)
        let address = try before.newAddress(edit)

        var token = before
        token.description = edit.description.applied(to: token.description)
        token.times.expiresAt = edit.expiresAt.applied(to: token.times.expiresAt)
        if let address {
            let isProvedLater =
                context.catalogue.policy(of: token).life.contactChange == .verify
                && token.status != .pending && address != token.device.address
            token.device.pendingAddress = isProvedLater ? address : nil
            if !isProvedLater { token.device.address = address }
        }
        guard token != before else { return EditedToken(token: token, isUnchanged: true, formerAddress: nil) }

        let isAddressed = token.device != before.device
        if isAddressed { voidChallenges(of: id) }
        token.touch(at: context.now)
        self[id] = token
        let isTold = isAddressed && address != before.device.address
        return EditedToken(token: token, isUnchanged: false, formerAddress: isTold ? before.device.address : nil)
    }
}

extension Token {
    /// The address that the edit brings, if any.
    fileprivate func newAddress(_ edit: TokenEdit) throws(Rejection) -> String? {
        guard edit.phone == nil || type.kind == .sms, edit.email == nil || type.kind == .email else {
            throw Rejection(.notEditable)
        }
        if let phone = edit.phone, !ContactRules.isPhone(phone) { throw Rejection(.invalidPhone) }
        if let email = edit.email, !ContactRules.isEmail(email) { throw Rejection(.invalidEmail) }
        return edit.phone ?? edit.email
    }
}
