import Contract
import TokenCore
import WorkerRuntime

/// `token.unassign`: a device goes back into the stock, with its counter and drift.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_hardware`, `not_assigned`, `wrong_status`.
struct UnassignTokenHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }

    func needs(_ command: SetHardwareStatus, on key: UserKey) throws(Rejection) -> Needs {
        .device(try DeviceTarget(command, on: key), on: key)
    }

    func decide(_ command: SetHardwareStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        do throws(Rejection) {
            let change = try state.unassign(
                try DeviceTarget(command, on: context.user),
                ifVersion: command.ifVersion,
                reason: command.reason,
                context
            )
            return change.outcome(.tokenUnassigned, reason: command.reason, state, context)
        } catch {
            return .rejected(error)
        }
    }
}
