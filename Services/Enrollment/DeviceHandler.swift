import Contract
import TokenCore
import WorkerRuntime

/// A command on a device that is named by its token, or on a `~` key by its serial number.
protocol DeviceHandler: CommandHandler where Command == SetHardwareStatus {
    /// What is told of it.
    static var event: EventType { get }

    func change(
        _ target: DeviceTarget,
        _ command: SetHardwareStatus,
        _ state: inout WorkingSet,
        _ context: DecisionContext
    ) throws(Rejection) -> DeviceChange
}

extension DeviceHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { [.user, .tenantWide] }

    func needs(_ command: SetHardwareStatus, on key: UserKey) throws(Rejection) -> Needs {
        .device(try DeviceTarget(command, on: key), on: key)
    }

    func decide(_ command: SetHardwareStatus, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        do throws(Rejection) {
            let target = try DeviceTarget(command, on: context.user)
            let change = try change(target, command, &state, context)
            return change.outcome(Self.event, reason: command.reason, state, context)
        } catch {
            return .rejected(error)
        }
    }
}

extension DeviceTarget {
    fileprivate init(_ command: SetHardwareStatus, on key: UserKey) throws(Rejection) {
        switch try command.target(isTenantWide: key.isTenantWide) {
        case .tokenId(let id): self = .token(TokenID(id))
        case .serial(let serial): self = .serial(serial)
        }
    }
}

extension Needs {
    fileprivate static func device(_ target: DeviceTarget, on key: UserKey) -> Needs {
        switch target {
        case .token(let id): return .token(id.value, on: key)
        case .serial(let serial):
            var needs = Needs()
            needs.serials = [serial]
            return needs
        }
    }
}

extension DeviceChange {
    /// The answer to unassign and compromise. The event goes to the key of whoever held the device, so that it comes
    /// after all that was told of the device there.
    fileprivate func outcome(
        _ type: EventType,
        reason: String?,
        _ state: WorkingSet,
        _ context: DecisionContext
    ) -> Outcome {
        let record = state[token.userID.map { UserKey(tenant: token.tenant, userID: $0) } ?? .stock(of: token.tenant)]
        let report = TokenReport(token: token, record: record, context: context)
        var result: JSONObject = ["token": report.view]
        if isUnchanged { result.append("unchanged", .bool(true)) }
        var event = report.event(type, reason: reason)
        if !former.isTenantWide { event.user = former }
        return Outcome(.ok(result), events: isUnchanged ? [] : [event], tokens: [token.id])
    }
}
