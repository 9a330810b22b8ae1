import Contract
import TokenCore
import WorkerRuntime

/// The token types of a command's tenant: changed, or not.
extension WorkingSet {
    /// Lets `change` alter the catalogue; answers with the type, and publishes it unless it was so before.
    mutating func changeTypes(
        _ event: EventType,
        _ context: DecisionContext,
        _ change: (inout TypeCatalogue) throws(Rejection) -> TypeChange
    ) -> Outcome {
        var catalogue = context.catalogue
        do {
            let changed = try change(&catalogue)
            let result: JSONObject = ["tokenType": .object(TokenTypeView.json(changed.type))]
            guard !changed.isUnchanged else { return Outcome(.ok(result)) }
            catalogues[context.user.tenant] = catalogue
            return Outcome(.ok(result), events: [EventDraft(event, result)])
        } catch {
            return .rejected(error)
        }
    }
}

extension Needs {
    /// The tenant's token types, to be changed.
    static var tokenTypes: Needs {
        var needs = Needs()
        needs.changesTypes = true
        return needs
    }
}
