package import TokenCore

/// The detail view of a token (contract section 6): what results and events show of it.
package enum TokenView {
    /// The view for the one who asks: contact data in clear with `token.view.contact`, and the actions that this
    /// asker may take now.
    ///
    /// - Parameter record: that of the token's user, with its directory entry.
    package static func json(_ token: Token, record: UserRecord, context: DecisionContext) -> JSONObject {
        let status = token.effectiveStatus(in: context.catalogue, at: context.now)
        let isLocked = token.lockout.isLocked(at: context.now)
        let address = record.address(of: token)
        var view = JSONObject(capacity: 26)
        view.append("tokenId", .string(token.id.description))
        view.append("tenant", .string(token.tenant))
        view.append("userId", .text(status == .unassigned ? nil : token.userID))
        view.append("tokenType", .string(token.type.name))
        view.append("kind", .string(token.type.kind.rawValue))
        view.append(
            "typeName",
            .string(context.catalogue[token.type.name]?.displayName(locale: nil) ?? token.type.name)
        )
        view.append("hardware", .bool(token.type.isHardware))
        view.append("status", .string(status.rawValue))
        view.append("statusReason", .text(reason(token, context)))
        view.append("description", .text(token.description))
        view.append("device", .text(token.type.isHardware ? token.device.serial : shown(address, of: token, context)))
        view.append("pendingContact", .text(shown(token.device.pendingAddress, of: token, context)))
        view.append("serial", .text(token.device.serial))
        view.append("manufacturer", .text(token.device.manufacturer))
        view.append("model", .text(token.device.model))
        view.append("createdAt", .instant(token.times.createdAt))
        view.append("activatedAt", .instant(token.times.activatedAt))
        view.append("updatedAt", .instant(token.times.updatedAt))
        view.append("lastUsedAt", .instant(token.times.lastUsedAt))
        view.append("expiresAt", .instant(token.times.expiresAt))
        view.append("activateBefore", .instant(status == .pending ? token.times.activateBefore : nil))
        view.append("lockedUntil", .instant(isLocked ? token.lockout.lockedUntil : nil))
        let isLockOver = !isLocked && token.lockout.lockedUntil != nil
        view.append("failures", .integer(isLockOver ? 0 : Int64(token.lockout.failures)))
        view.append("version", .integer(token.version))
        view.append("actions", .array(record.actions(of: token, context).map { .string($0.rawValue) }))
        return view
    }

    /// The view that events carry. Its readers are not the asker: contact data are masked whatever the asker may see,
    /// and the actions are those of an operator who holds every privilege.
    package static func published(_ token: Token, record: UserRecord, context: DecisionContext) -> JSONObject {
        json(token, record: record, context: context.asked(by: TokenCore.Asker(id: nil)))
    }

    private static func reason(_ token: Token, _ context: DecisionContext) -> String? {
        if let reason = token.obsolescence(in: context.catalogue, at: context.now) { return reason.rawValue }
        return token.isLapsed(at: context.now) ? ObsolescenceReason.notActivated.rawValue : token.statusReason
    }

    private static func shown(_ address: String?, of token: Token, _ context: DecisionContext) -> String? {
        guard let address, let channel = token.device.channel else { return nil }
        return context.asker.viewsContacts ? address : ContactMask.mask(address, channel)
    }
}

extension JSONValue {
    fileprivate static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    fileprivate static func instant(_ instant: Instant?) -> JSONValue { text(instant?.rfc3339) }
}
