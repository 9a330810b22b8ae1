import CommandSigning
import Contract
import Messaging
import TokenCore
import TokenStore

/// The decisions of a batch, one after the other over one working set: later records see what earlier ones did.
///
/// Pure: everything it needs was loaded before.
struct Decider {
    let settings: DecisionSettings
    let intake: Intake
    /// Nil where commands are not signed.
    let signatures: CommandVerifier?
    let outbox: OutcomeRendering
    let cryptography: StoreCryptography
    let envelopes: SealedEnvelopes
    let random: any RandomSource

    /// The batch's own view: what was loaded, and what its decisions have done so far.
    struct View {
        var state: WorkingSet
        let lanes: [LaneID: LaneRow]
        let known: [UUIDValue: InboxHit]
        /// The rows of the pages that commands on `~` keys look at.
        let pages: [UUIDValue: [Token]]
        /// The batch's time: the database's clock, never before the lanes' last batch.
        let now: Instant
        var decidedHere: [UUIDValue: (content: [UInt8], messages: [WireMessage])] = [:]
    }

    private static let dataRejected = "data_rejected"
    private static let tenantNotFound = "tenant_not_found"

    /// - Throws: only where stored messages can't be read.
    func decide(_ arrival: Arrival, _ view: inout View) throws -> Decision {
        switch arrival.work {
        case .command(let command): try decide(command, arrival, &view)
        case .undecodable(let undecodable, let target):
            try once(arrival, &view, deadLetter: undecodable.reason.rawValue) {
                outbox.deadLetter(arrival, reason: undecodable.reason.rawValue)
                    + outbox.malformedReply(undecodable, arrival, to: target, at: $0.now)
            }
        case .deadDirectoryRecord(let reason):
            try once(arrival, &view, deadLetter: reason.rawValue) { _ in
                outbox.deadLetter(arrival, reason: reason.rawValue)
            }
        case .directory(let key, let record): try decide(key, record, arrival, &view)
        }
    }

    /// The record that the database refused for its data: a dead letter, and a reply where one is owed.
    func poison(_ arrival: Arrival, _ view: inout View) throws -> Decision {
        let letter = outbox.deadLetter(arrival, reason: Self.dataRejected)
        guard case .command(let command) = arrival.work else {
            return try once(arrival, &view, deadLetter: Self.dataRejected) { _ in letter }
        }
        if let earlier = try earlier(command, arrival, view) { return earlier }
        let refusal = Outcome.rejected(.malformed(field: ""))
        return .decided(
            Decision.Decided(
                messages: letter + outbox.messages(refusal, command, arrival.key, asker: nil, at: view.now),
                fingerprint: cryptography.fingerprint(command.envelope.fingerprintBytes),
                audit: nil,
                tally: CommandTally(command, refusal, appendedAt: Instant(milliseconds: arrival.record.timestamp)),
                deadLetter: Self.dataRejected
            )
        )
    }

    // MARK: Commands

    private func decide(_ command: CommandArrival, _ arrival: Arrival, _ view: inout View) throws -> Decision {
        if let earlier = try earlier(command, arrival, view) { return earlier }
        let appended = Instant(milliseconds: arrival.record.timestamp)
        let isOld = appended.adding(seconds: settings.horizon) < view.now
        if isOld, let lane = view.lanes[arrival.lane], arrival.record.offset < lane.nextOffset { return .silent }

        let instant = arrival.record.timestampType == .logAppendTime ? appended : view.now
        let asker = Result { () throws(SignatureFault) in try self.asker(of: command, at: instant) }
        let outcome = self.outcome(
            of: command,
            arrival,
            by: asker,
            isOld: isOld,
            appended: appended,
            instant: instant,
            &view
        )
        let messages = outbox.messages(outcome, command, arrival.key, asker: asker.value?.id, at: view.now)
        let content = command.envelope.fingerprintBytes
        view.decidedHere[arrival.key] = (content, messages)
        return .decided(
            Decision.Decided(
                messages: messages,
                fingerprint: cryptography.fingerprint(content),
                audit: audit(outcome, command, arrival.key, asker: asker.value?.id, view.now),
                tally: CommandTally(
                    command,
                    outcome,
                    fault: outcome.code == .forbidden ? asker.fault : nil,
                    appendedAt: appended
                ),
                deadLetter: nil
            )
        )
    }

    /// The order of checks of contract section 3, from the reply topic on.
    private func outcome(
        of command: CommandArrival,
        _ arrival: Arrival,
        by asker: Result<TokenCore.Asker, SignatureFault>,
        isOld: Bool,
        appended: Instant,
        instant: Instant,
        _ view: inout View
    ) -> Outcome {
        if let refusal = command.replyRefusal { return .rejected(refusal) }
        guard let asker = asker.value else { return .rejected(Rejection(.forbidden)) }
        let waitedTooLong = command.maximumAge.map { appended.adding(seconds: $0) < view.now } ?? false
        let ended = command.envelope.expiryTime.map { $0 < instant } ?? false
        if isOld || waitedTooLong || ended { return .rejected(Rejection(.expired)) }
        if view.now.adding(seconds: DecisionSettings.clockTolerance) < appended {
            return .rejected(.malformed(field: "timestamp"))
        }
        guard let catalogue = view.state.catalogues[command.user.tenant] else {
            return .rejected(Rejection(.tenantNotFound))
        }
        let prepared: HandlerTable.Prepared
        switch command.content {
        case .success(let value): prepared = value
        case .failure(let refusal): return .rejected(refusal)
        }
        guard prepared.keys.admit(command.user) else {
            return .rejected(.malformed(field: Undecodable.keyField))
        }
        if case .failure(let refusal) = prepared.needs { return .rejected(refusal) }
        view.state.tenantPage = view.pages[arrival.key] ?? []
        let context = DecisionContext(
            now: instant,
            user: command.user,
            catalogue: catalogue,
            asker: asker,
            cryptography: cryptography,
            envelopes: envelopes,
            random: random,
            limits: settings.limits
        )
        return prepared.decide(&view.state, context)
    }

    /// Who asks: as signed, or where commands are not signed as asserted.
    private func asker(of command: CommandArrival, at instant: Instant) throws(SignatureFault) -> TokenCore.Asker {
        guard let signatures else { return TokenCore.Asker(id: command.envelope.authID) }
        guard let signature = command.signature else { throw .unsigned }
        let type = command.envelope.commandType
        return try signatures.asker(
            signature.get(),
            of: command.user,
            privilege: type.topic == nil ? nil : type.name,
            at: instant
        )
    }

    private func audit(
        _ outcome: Outcome,
        _ command: CommandArrival,
        _ key: UUIDValue,
        asker: String?,
        _ now: Instant
    ) -> AuditEntry? {
        if command.prepared?.isReadOnly ?? false { return nil }
        return AuditEntry(
            at: now,
            tenant: command.user.tenant,
            userID: command.user.userID,
            command: command.envelope.commandType.topic == nil ? "unknown" : command.envelope.commandType.name,
            commandKey: key,
            outcome: outcome.code?.rawValue ?? "ok",
            tokens: outcome.tokens,
            authID: asker,
            reason: command.envelope.reason
        )
    }

    // MARK: The directory

    private func decide(
        _ recordKey: RecordKey,
        _ record: DirectoryRecord?,
        _ arrival: Arrival,
        _ view: inout View
    ) throws -> Decision {
        guard let handler = intake.directoryHandler(of: arrival.record.topic),
            let catalogue = view.state.catalogues[recordKey.tenant]
        else {
            return try once(arrival, &view, deadLetter: Self.tenantNotFound) { _ in
                outbox.deadLetter(arrival, reason: Self.tenantNotFound)
            }
        }
        return try once(arrival, &view) { view in
            let context = DecisionContext(
                now: arrival.record.timestampType == .logAppendTime
                    ? Instant(milliseconds: arrival.record.timestamp) : view.now,
                user: UserKey(recordKey),
                catalogue: catalogue,
                asker: TokenCore.Asker(id: nil),
                cryptography: cryptography,
                envelopes: envelopes,
                random: random,
                limits: settings.limits
            )
            let outcome = handler.decide(record, &view.state, context)
            return outbox.directoryMessages(outcome, recordKey, arrival.key, at: view.now)
        }
    }

    // MARK: Seeds

    /// Digests that tell who holds a seed; none where it does not open or is no seed, which its decision answers.
    func digests(of seed: SubmittedSeed, tenant: String, _ now: Instant) -> [KeyedDigest] {
        do throws(Rejection) {
            let bytes = try SeedRules.seed(fromBase32: envelopes.open(seed, at: now))
            return cryptography.digests(ofSeed: bytes, tenant: tenant)
        } catch {
            return []
        }
    }

    // MARK: Identity

    /// Decides what is identified by its place in the log, unless it was decided before.
    private func once(
        _ arrival: Arrival,
        _ view: inout View,
        deadLetter: String? = nil,
        _ decide: (inout View) -> [WireMessage]
    ) throws -> Decision {
        if let hit = view.known[arrival.key] { return .repeated(try WireMessageCodec.decode(hit.messages)) }
        let isOld = Instant(milliseconds: arrival.record.timestamp).adding(seconds: settings.horizon) < view.now
        if isOld, let lane = view.lanes[arrival.lane], arrival.record.offset < lane.nextOffset { return .silent }
        let messages = decide(&view)
        return .decided(
            Decision.Decided(messages: messages, fingerprint: [], audit: nil, tally: nil, deadLetter: deadLetter)
        )
    }

    /// What was decided of the command before; nil: nothing.
    private func earlier(_ command: CommandArrival, _ arrival: Arrival, _ view: View) throws -> Decision? {
        let content = command.envelope.fingerprintBytes
        switch try known(arrival.key, content, view) {
        case nil: return nil
        case .same(let messages): return .repeated(messages)
        case .other: return try reuse(command, arrival, view)
        }
    }

    /// The same id with other content: no command of its own, so that its answer is that of this record.
    private func reuse(_ command: CommandArrival, _ arrival: Arrival, _ view: View) throws -> Decision {
        let key = StoreKeys.record(arrival.record)
        if let hit = view.known[key] { return .repeated(try WireMessageCodec.decode(hit.messages)) }
        let refusal = Outcome.rejected(Rejection(.idReused))
        return .decided(
            Decision.Decided(
                key: key,
                messages: outbox.messages(refusal, command, key, asker: nil, at: view.now),
                fingerprint: [],
                audit: nil,
                tally: CommandTally(command, refusal, appendedAt: Instant(milliseconds: arrival.record.timestamp)),
                deadLetter: nil
            )
        )
    }

    /// Keys under which the answers to reused ids may be known, beside those of the commands themselves.
    func reuseKeys(_ arrivals: [Arrival], known: [UUIDValue: InboxHit]) -> [UUIDValue] {
        var seen: Set<UUIDValue> = []
        return arrivals.compactMap { arrival in
            guard case .command(let command) = arrival.work else { return nil }
            let isFirst = seen.insert(arrival.key).inserted
            guard let hit = known[arrival.key] else { return isFirst ? nil : StoreKeys.record(arrival.record) }
            let isSame = cryptography.matches(command.envelope.fingerprintBytes, fingerprint: hit.fingerprint)
            return isSame ? nil : StoreKeys.record(arrival.record)
        }
    }

    private enum Earlier {
        case same([WireMessage])
        case other
    }

    private func known(_ key: UUIDValue, _ content: [UInt8], _ view: View) throws -> Earlier? {
        if let here = view.decidedHere[key] { return here.content == content ? .same(here.messages) : .other }
        guard let hit = view.known[key] else { return nil }
        guard cryptography.matches(content, fingerprint: hit.fingerprint) else { return .other }
        return .same(try WireMessageCodec.decode(hit.messages))
    }
}

extension Result where Success == TokenCore.Asker, Failure == SignatureFault {
    fileprivate var value: TokenCore.Asker? {
        if case .success(let asker) = self { asker } else { nil }
    }

    fileprivate var fault: SignatureFault? {
        if case .failure(let fault) = self { fault } else { nil }
    }
}
