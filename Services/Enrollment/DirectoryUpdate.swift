import Contract
import TokenCore
import WorkerRuntime

/// What a record of `tokens.users` does to its user, and which facts follow; nobody is answered.
struct DirectoryUpdate: DirectoryHandler {
    func decide(_ record: DirectoryRecord?, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        state.decideOnRecord(of: context) { user in
            let effect = record.map { user.update(DirectoryUpdateRequest($0)) } ?? user.removeContact()
            return Outcome(
                .ok([:]),
                events: events(of: effect, user, context),
                tokens: effect.obsoleted.map(\.id)
            )
        }
    }

    private func events(
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
