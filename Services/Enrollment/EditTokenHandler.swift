import Contract
import TokenCore
import WorkerRuntime

/// `token.edit`: description, end, and where an SMS or e-mail token sends to.
///
/// Whoever the OTPs went to before is told that they no longer will, whatever the policy says of notices.
///
/// Rejections: `token_not_found`, `version_conflict`, `wrong_status`, `not_editable`, `invalid_phone`,
/// `invalid_email`.
struct EditTokenHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }

    func needs(_ command: EditToken, on key: UserKey) throws(Rejection) -> Needs { .token(command.tokenId, on: key) }

    func decide(_ command: EditToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { record throws(Rejection) in
            let id = TokenID(command.tokenId)
            let edited = try record.edit(id, TokenEdit(command), ifVersion: command.ifVersion, context)
            let report = TokenReport(token: edited.token, record: record, context: context)
            guard !edited.isUnchanged else { return Outcome(.ok(["token": report.view]), tokens: [id]) }
            return Outcome(
                .ok(["token": report.view]),
                events: [report.event(.tokenEdited)],
                notifications: notices(of: edited, report),
                tokens: [id]
            )
        }
    }

    private func notices(of edited: EditedToken, _ report: TokenReport) -> [NotificationDraft] {
        guard let address = edited.formerAddress, let channel = edited.token.device.channel else {
            return report.notices(of: .edited)
        }
        return [
            .notice(
                template: "notice.edited",
                about: edited.token,
                to: Recipient(channel, address),
                record: report.record,
                context: report.context
            )
        ]
    }
}

extension TokenEdit {
    /// An empty description takes it away.
    fileprivate init(_ command: EditToken) {
        self.init(
            description: command.description.map { $0.isEmpty ? .clear : .set($0) } ?? .keep,
            phone: command.phone,
            email: command.email,
            expiresAt: command.expiresAt.map { .set($0) } ?? .keep
        )
    }
}
