package import Contract
import TokenCore

/// The handlers of a service, by command type.
package struct HandlerTable: Sendable {
    /// A command whose data were read: what it needs, and its decision.
    struct Prepared {
        let reads: Reads
        let keys: AcceptedKeys
        let isReadOnly: Bool
        let needs: Result<Needs, Rejection>
        let decide: (inout WorkingSet, DecisionContext) -> Outcome

        init<Handler: CommandHandler>(_ handler: Handler, _ command: Handler.Command, on key: UserKey) {
            reads = Handler.reads
            keys = Handler.keys
            isReadOnly = Handler.isReadOnly
            do throws(Rejection) {
                needs = .success(try handler.needs(command, on: key))
            } catch {
                needs = .failure(error)
            }
            decide = { state, context in handler.decide(command, &state, context) }
        }
    }

    private var entries: [CommandType: @Sendable (FieldReader, UserKey) -> Result<Prepared, FieldError>] = [:]

    package init() {}

    /// The table with one more handler.
    package func handling<Handler: CommandHandler>(_ type: CommandType, by handler: Handler) -> HandlerTable {
        var table = self
        table.entries[type] = { fields, key in
            do throws(FieldError) {
                return .success(Prepared(handler, try Handler.Command(fields), on: key))
            } catch {
                return .failure(error)
            }
        }
        return table
    }

    package var types: [CommandType] { entries.keys.sorted { $0.rawValue < $1.rawValue } }

    /// - Throws: `unknown_type`, or `malformed` with the field.
    func prepare(_ command: CommandEnvelope) throws(Rejection) -> Prepared {
        guard let entry = entries[command.commandType] else { throw Rejection(.unknownType) }
        if let defect = command.defect { throw .malformed(field: defect.pointer) }
        switch entry(command.fields, UserKey(command.recordKey)) {
        case .success(let prepared): return prepared
        case .failure(let error): throw .malformed(field: error.pointer)
        }
    }
}
