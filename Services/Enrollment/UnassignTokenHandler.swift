import Contract
import TokenCore
import WorkerRuntime

/// `token.unassign`: a device goes back into the stock, with its counter and drift.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_hardware`, `not_assigned`, `wrong_status`.
struct UnassignTokenHandler: DeviceHandler {
    static var event: EventType { .tokenUnassigned }

    func change(
        _ target: DeviceTarget,
        _ command: SetHardwareStatus,
        _ state: inout WorkingSet,
        _ context: DecisionContext
    ) throws(Rejection) -> DeviceChange {
        try state.unassign(target, ifVersion: command.ifVersion, reason: command.reason, context)
    }
}
