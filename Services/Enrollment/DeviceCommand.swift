import Contract
import TokenCore
import WorkerRuntime

extension DeviceTarget {
    init(_ command: SetHardwareStatus, on key: UserKey) throws(Rejection) {
        switch try command.target(isTenantWide: key.isTenantWide) {
        case .tokenId(let id): self = .token(TokenID(id))
        case .serial(let serial): self = .serial(serial)
        }
    }
}

extension Needs {
    static func device(_ target: DeviceTarget, on key: UserKey) -> Needs {
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
    func outcome(
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
