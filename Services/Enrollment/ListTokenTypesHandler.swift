import Contract
import TokenCore
import WorkerRuntime

/// `tokentype.list`: all token types of the tenant by name, retired ones too.
///
/// Rejections: `result_too_large` where they would not fit into a record.
struct ListTokenTypesHandler: CommandHandler {
    static var keys: AcceptedKeys { .tenantWide }
    static var isReadOnly: Bool { true }

    func decide(_ command: ListTokenTypes, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let result: JSONObject = ["tokenTypes": .array(context.catalogue.all.map { .object(TokenTypeView.json($0)) })]
        guard result.serialized().count <= ListTokensHandler.largestResult else {
            return .rejected(Rejection(.resultTooLarge))
        }
        return Outcome(.ok(result))
    }
}
