import Contract
import TokenCore
import WorkerRuntime

/// `token.compromise`: a device ends for good, wherever it is.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_hardware`.
struct CompromiseTokenHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }

    func needs(_ command: SetHardwareStatus, on key: UserKey) throws(Rejection) -> Needs {
        .device(try DeviceTarget(command, on: key), on: key)
    }

    func decide(_ command: SetHardwareStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        do throws(Rejection) {
            let change = try state.compromise(
                try DeviceTarget(command, on: context.user),
                ifVersion: command.ifVersion,
                reason: command.reason,
                context
            )
            return change.outcome(.tokenCompromised, reason: command.reason, state, context)
        } catch {
            return .rejected(error)
        }
    }
}
