import Contract
import TokenCore
import WorkerRuntime

/// What a record of `tokens.users` does to its user, and which facts follow.
enum DirectoryUpdate {
    /// Takes the directory's record over; see ``TokenCore/UserRecord/update(_:)``.
    static func apply(
        _ record: DirectoryRecord,
        to user: inout UserRecord,
        _ context: DecisionContext
    ) -> [EventDraft] {
        let effect = user.update(DirectoryUpdateRequest(record))
        return events(of: effect, user, context)
    }

    /// The user left the directory: the record's value is null.
    static func remove(_ user: inout UserRecord, _ context: DecisionContext) -> [EventDraft] {
        let effect = user.removeContact()
        return events(of: effect, user, context)
    }

    private static func events(
        of effect: DirectoryEffect,
        _ user: UserRecord,
        _ context: DecisionContext
    ) -> [EventDraft] {
        var events = effect.rejected.map { EventDraft(.contactRejected, ["field": .string("/\($0.rawValue)")]) }
        if !effect.changed.isEmpty {
            let phone = user.contact?.phone.map { JSONValue.string(ContactMask.phone($0)) }
            let email = user.contact?.email.map { JSONValue.string(ContactMask.email($0)) }
            let changed = JSONValue.array(effect.changed.map { .string($0.rawValue) })
            events.append(
                EventDraft(.contactChanged, ["changed": changed, "phone": phone ?? .null, "email": email ?? .null])
            )
        }
        for token in effect.obsoleted {
            let report = TokenReport(token: token, record: user, context: context)
            events.append(report.event(.tokenObsoleted, reason: ObsolescenceReason.contactRemoved.rawValue))
        }
        return events
    }
}

extension DirectoryUpdateRequest {
    fileprivate init(_ record: DirectoryRecord) {
        self.init(
            phone: record.phone,
            email: record.email,
            locale: record.locale,
            displayName: record.displayName,
            revision: record.revision,
            unreadable: Set(record.rejectedFields.compactMap(DirectoryField.init(rawValue:)))
        )
    }
}
