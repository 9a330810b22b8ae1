import Contract
import TokenCore
import WorkerRuntime

/// `tokentype.edit`: names and rules of a token type; they hold for the next command.
///
/// Rejections: `unknown_token_type`, `policy_out_of_range`.
struct EditTokenTypeHandler: CommandHandler {
    static var keys: AcceptedKeys { .tenantWide }

    func needs(_ command: EditTokenType, on key: UserKey) throws(Rejection) -> Needs { .tokenTypes }

    func decide(_ command: EditTokenType, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.changeTypes(.tokenTypeEdited, context) { catalogue throws(Rejection) in
            guard let type = catalogue[command.tokenType] else { throw Rejection(.unknownTokenType) }
            let edit = TypeEdit(
                isHardware: command.hardware,
                names: command.names,
                policy: try command.policy?.applied(to: type.policy, kind: type.kind)
            )
            return try catalogue.edit(command.tokenType, edit)
        }
    }
}
