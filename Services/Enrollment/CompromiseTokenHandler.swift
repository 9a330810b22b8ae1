import Contract
import TokenCore
import WorkerRuntime

/// `token.compromise`: a device ends for good, wherever it is.
///
/// Rejections: `token_not_found`, `version_conflict`, `not_hardware`.
struct CompromiseTokenHandler: DeviceHandler {
    static var event: EventType { .tokenCompromised }

    func change(
        _ target: DeviceTarget,
        _ command: SetHardwareStatus,
        _ state: inout WorkingSet,
        _ context: DecisionContext
    ) throws(Rejection) -> DeviceChange {
        try state.compromise(target, ifVersion: command.ifVersion, reason: command.reason, context)
    }
}
