package import Contract
package import TokenCore

/// The handlers of a service, by command type.
package struct HandlerTable: Sendable {
    /// A command whose data were read: what it needs, and its decision.
    struct Prepared {
        let reads: Reads
        let acceptsTenantKey: Bool
        let isReadOnly: Bool
        let tenantPage: () throws(Rejection) -> TenantPageRequest?
        let decide: (inout WorkingSet, DecisionContext) -> Outcome
    }

    private var entries: [CommandType: @Sendable (FieldReader) throws(FieldError) -> Prepared] = [:]

    package init() {}

    /// The table with one more handler.
    package func handling<Handler: CommandHandler>(_ type: CommandType, by handler: Handler) -> HandlerTable {
        var table = self
        table.entries[type] = { fields throws(FieldError) in
            let command = try Handler.Command(fields)
            return Prepared(
                reads: Handler.reads,
                acceptsTenantKey: Handler.acceptsTenantKey,
                isReadOnly: Handler.isReadOnly,
                tenantPage: { () throws(Rejection) in try handler.tenantPage(command) },
                decide: { state, context in handler.decide(command, &state, context) }
            )
        }
        return table
    }

    package var types: [CommandType] { entries.keys.sorted { $0.rawValue < $1.rawValue } }

    /// - Throws: `unknown_type`, or `malformed` with the field.
    func prepare(_ command: CommandEnvelope) throws(Rejection) -> Prepared {
        guard let entry = entries[command.commandType] else { throw Rejection(.unknownType) }
        if let defect = command.defect { throw .malformed(field: defect.pointer) }
        do {
            return try entry(command.fields)
        } catch {
            throw .malformed(field: error.pointer)
        }
    }
}
