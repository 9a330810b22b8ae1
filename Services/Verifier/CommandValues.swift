import Contract
import TokenCore

extension Purpose {
    init(_ name: PurposeName) {
        self =
            switch name {
            case .login: .login
            case .approval: .approval
            case .test: .test
            case .enrollment: .enrollment
            case .contactChange: .contactChange
            case .helpdesk: .helpdesk
            }
    }
}

extension Approval {
    init(_ context: ApprovalContext) throws(Rejection) {
        try self.init(reference: context.reference, text: context.text, canonical: context.canonical)
    }
}

extension DecisionContext {
    /// The value of a command's field, sealed or clear.
    ///
    /// - Throws: `invalid_ciphertext`, `plaintext_not_allowed`, `malformed`.
    func open(_ otp: SensitiveText, _ member: String) throws(Rejection) -> SubmittedOTP {
        let clear = try envelopes.open(otp.exposed, member: member, owner: .user(user), at: now)
        return try SubmittedOTP(clear, field: "/\(member)")
    }
}
