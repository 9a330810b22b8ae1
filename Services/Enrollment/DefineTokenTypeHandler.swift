import Contract
import TokenCore
import WorkerRuntime

/// `tokentype.define`: the tenant gets a token type.
///
/// Rejections: `type_exists` (also for a retired one), `policy_out_of_range`.
struct DefineTokenTypeHandler: CommandHandler {
    static var keys: AcceptedKeys { .tenantWide }

    func needs(_ command: DefineTokenType, on key: UserKey) throws(Rejection) -> Needs { .tokenTypes }

    func decide(_ command: DefineTokenType, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.changeTypes(.tokenTypeDefined, context) { catalogue throws(Rejection) in
            let standard = TypePolicy()
            let type = TokenType(
                name: command.tokenType,
                kind: command.kind,
                isHardware: command.hardware ?? false,
                names: command.names,
                policy: try command.policy?.applied(to: standard, kind: command.kind) ?? standard
            )
            return try catalogue.define(type)
        }
    }
}
