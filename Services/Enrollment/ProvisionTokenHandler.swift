import Contract
import TokenCore
import WorkerRuntime

/// `token.provision`: a PENDING soft token gets a new secret; the old one is worthless.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_provisionable`, `wrong_status`.
struct ProvisionTokenHandler: CommandHandler {
    static var reads: Reads { .contact }

    func decide(_ command: ProvisionToken, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let outcome = state.decideOnRecord(of: context) { record throws(Rejection) in
            let id = TokenID(command.tokenId)
            let provisioned = try record.provision(id, ifVersion: command.ifVersion, context)
            let report = TokenReport(token: provisioned.token, record: record, context: context)
            return Outcome(
                .ok(Provisioning.result(of: provisioned, report)),
                events: [report.event(.tokenEdited)],
                tokens: [id]
            )
        }
        if outcome.code == nil { state.seeds.release(TokenID(command.tokenId)) }
        return outcome
    }
}
