import Contract
import TokenCore
import WorkerRuntime

/// `tokentype.retire`: its tokens are OBSOLETE from now on; the expiry scanner publishes it of each. There is no way
/// back; retiring again is `ok`.
///
/// Rejections: `unknown_token_type`.
struct RetireTokenTypeHandler: CommandHandler {
    static var keys: AcceptedKeys { .tenantWide }

    func needs(_ command: RetireTokenType, on key: UserKey) throws(Rejection) -> Needs { .tokenTypes }

    func decide(_ command: RetireTokenType, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.changeTypes(.tokenTypeRetired, context) { catalogue throws(Rejection) in
            try catalogue.retire(command.tokenType)
        }
    }
}
