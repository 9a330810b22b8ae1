import CommandSigning
import Contract
import Messaging
import TokenCore
import TokenStore

/// A record that was read and decoded, before anything is looked up.
///
/// A class, as are the other parts of a batch that are large and never change: they pass through many hands, and a copy
/// would count a reference for each of their fields.
final class Arrival {
    let record: KafkaRecord
    let lane: LaneID
    /// Identity: of the command within its tenant, or of the record where it carries none.
    let key: UUIDValue
    let work: Work

    enum Work {
        case command(CommandArrival)
        case undecodable(Undecodable, ReplyTarget)
        /// Nil: a tombstone.
        case directory(RecordKey, DirectoryRecord?)
        case deadDirectoryRecord(Undecodable.Reason)
    }

    init(record: KafkaRecord, lane: LaneID, key: UUIDValue, work: Work) {
        self.record = record
        self.lane = lane
        self.key = key
        self.work = work
    }

    /// The user whose row has to be locked; nil on `~` keys and for what can't be decoded.
    var user: UserKey? {
        switch work {
        case .command(let command): command.user.isTenantWide ? nil : command.user
        case .directory(let key, _): UserKey(key)
        case .undecodable, .deadDirectoryRecord: nil
        }
    }

    /// What a command names beside its user; nil where that is nothing, and where it is refused on sight.
    var needs: Needs? {
        guard case .command(let command) = work, !command.isForbidden, let prepared = command.prepared,
            prepared.keys.admit(command.user), case .success(let needs) = prepared.needs
        else { return nil }
        return needs
    }

    var tenant: String? {
        switch work {
        case .command(let command): command.user.tenant
        case .directory(let key, _): key.tenant
        case .undecodable, .deadDirectoryRecord: nil
        }
    }

    var reads: Reads {
        switch work {
        case .command(let command): command.prepared?.reads ?? []
        case .directory: .contact
        case .undecodable, .deadDirectoryRecord: []
        }
    }
}

extension [Arrival] {
    /// The arrivals in runs, each for a batch of its own: a command that reads a page of the tenant's rows sees what the
    /// commands before it have written, so they have to be committed first.
    var cutBeforePages: [[Arrival]] {
        var runs: [[Arrival]] = []
        var readsOnly = true
        for arrival in self {
            let isReader = arrival.needs?.page != nil
            if runs.isEmpty || (isReader && !readsOnly) {
                runs.append([])
                readsOnly = true
            }
            runs[runs.count - 1].append(arrival)
            readsOnly = readsOnly && isReader
        }
        return runs
    }
}

/// A command with everything that could be judged without looking anything up.
final class CommandArrival {
    let envelope: CommandEnvelope
    let user: UserKey
    let reply: ReplyTarget
    /// The reply topic is not one that may be named.
    let replyRefusal: Rejection?
    /// The data as read, or why they were refused.
    let content: Result<HandlerTable.Prepared, Rejection>
    /// What its signature is worth; nil where commands are not signed.
    let signature: Result<SignedCommand, SignatureFault>?
    /// A command that waited longer is `expired`; nil: only the inbox's window counts.
    let maximumAge: Int64?

    init(
        envelope: CommandEnvelope,
        user: UserKey,
        reply: ReplyTarget,
        replyRefusal: Rejection?,
        content: Result<HandlerTable.Prepared, Rejection>,
        signature: Result<SignedCommand, SignatureFault>?,
        maximumAge: Int64?
    ) {
        self.envelope = envelope
        self.user = user
        self.reply = reply
        self.replyRefusal = replyRefusal
        self.content = content
        self.signature = signature
        self.maximumAge = maximumAge
    }

    /// Refused whatever the state is.
    var isForbidden: Bool {
        if case .failure? = signature { true } else { false }
    }

    var prepared: HandlerTable.Prepared? {
        switch content {
        case .success(let prepared): prepared
        case .failure: nil
        }
    }
}

/// Where a reply goes.
struct ReplyTarget: Equatable {
    let topic: String
    let partition: Int32?
}
