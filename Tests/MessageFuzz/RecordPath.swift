import CommandSigning
import Contract
import Glibc
import Messaging
import Settings
import TestSupport
import TokenCore
import TokenCrypto
import TokenStore

@testable import Enrollment
@testable import Verifier
@testable import WorkerRuntime

/// The way of a record through a worker, from its bytes to the messages that answer it. Of the worker's own parts only
/// the database and the broker are left out: the state is always the same, a tenant with a few users and tokens.
final class RecordPath {
    static let instant = Instant(seconds: 1_800_000_000)
    static let issuer = "https://iam.example.org"
    let topics = Topics()
    let keys: KeySource
    private let verifier: CommandVerifier
    private let signer: CommandSigner
    private let envelopes: SealedEnvelopes
    private let rendering: OutcomeRendering
    private let intakes: (unsigned: Intake, signed: Intake)
    /// Before each record.
    private(set) var state: WorkingSet

    init() {
        do {
            let files = Self.keyFiles()
            keys = try KeySource(path: files.keys)
            verifier = try CommandVerifier(
                CommandSettings.Signing(
                    jwksFile: files.signatures,
                    issuer: Self.issuer,
                    algorithms: CommandSettings.SignatureAlgorithm.allCases
                )
            )
            signer = try CommandSigner(parsing: Array(SampleKeys.privateKey(.edDSA).utf8), name: "sample")
        } catch {
            fatalError("no keys: \(error)")
        }
        envelopes = SealedEnvelopes(keys: keys, requiresSealing: false)
        let settings = DecisionSettings(source: "/fuzz", service: "fuzz", horizon: 86_400, limits: SendingLimits())
        rendering = OutcomeRendering(settings: settings, topics: topics, envelopes: envelopes)
        let roles: [String: TopicRole] = [
            topics.commandsEnrollment: .commands(.enrollment, maximumAge: nil),
            topics.commandsVerification: .commands(.verification, maximumAge: 60),
            topics.users: .directory(DirectoryUpdate()),
        ]
        let topics = topics
        func intake(_ verifier: CommandVerifier?) -> Intake {
            Intake(
                roles: roles,
                topics: topics,
                replyTopics: ReplyTopicRule(topics: topics),
                signatures: verifier,
                partitions: { $0.hasSuffix("absent") ? nil : 4 }
            )
        }
        intakes = (intake(nil), intake(verifier))
        let catalogue = TypeCatalogue(TokenType.builtIn)
        state = WorkingSet(catalogues: ["default": catalogue, "acme": catalogue])
    }

    /// Reads a record, and checks what holds whatever is in it.
    func read(_ mutated: MutatedRecord) {
        var changed = state
        let record = kafkaRecord(mutated)
        let intake = mutated.isSigned ? intakes.signed : intakes.unsigned
        let arrival: Arrival
        do {
            arrival = try intake.arrival(record, lane: LaneID(rawValue: 1))
        } catch {
            fatalError("the record was no answer: \(error)")
        }
        let messages = self.messages(arrival, intake, &changed)
        precondition((try? WireMessageCodec.decode(WireMessageCodec.encode(messages))) == messages)
        Expectations(record, arrival).check(messages)
    }

    /// The same, and what it does stays: for the state that all begin with.
    func keep(_ record: MutatedRecord) {
        do {
            let arrival = try intakes.unsigned.arrival(kafkaRecord(record), lane: LaneID(rawValue: 1))
            let replies = messages(arrival, intakes.unsigned, &state)
            precondition(replies.contains { $0.value.map { $0.starts(with: Array(#"{"status":"ok""#.utf8)) } ?? false })
        } catch {
            fatalError("no state to begin with: \(error)")
        }
    }

    private func kafkaRecord(_ mutated: MutatedRecord) -> KafkaRecord {
        let topic =
            switch mutated.topic {
            case .enrollment: topics.commandsEnrollment
            case .verification: topics.commandsVerification
            case .users: topics.users
            }
        var headers = mutated.headers
        if mutated.isSigned, mutated.signsClaims { sign(&headers) }
        return KafkaRecord(
            topic: topic,
            partition: 0,
            offset: 7,
            timestamp: Self.instant.microseconds / 1_000,
            timestampType: .createTime,
            key: mutated.key,
            value: mutated.value,
            headers: headers
        )
    }

    private func sign(_ headers: inout [KafkaHeader]) {
        for index in headers.indices where headers[index].name == Header.authorization.name {
            do {
                guard let claims = try JSONParser.parse(headers[index].value ?? []).objectValue else { continue }
                let token = try signer.token(header: ["alg": "EdDSA", "kid": "EdDSA"], claims: claims)
                headers[index].value = Array("Bearer \(token)".utf8)
            } catch {
                continue  // it stays what it is
            }
        }
    }

    /// As the worker's decisions are made, from the identity on: nothing was decided before.
    private func messages(_ arrival: Arrival, _ intake: Intake, _ state: inout WorkingSet) -> [WireMessage] {
        switch arrival.work {
        case .undecodable(let undecodable, let target):
            return rendering.deadLetter(arrival, reason: undecodable.reason.rawValue)
                + rendering.malformedReply(undecodable, arrival, to: target, at: Self.instant)
        case .deadDirectoryRecord(let reason):
            return rendering.deadLetter(arrival, reason: reason.rawValue)
        case .directory(let key, let entry):
            guard let handler = intake.directoryHandler(of: arrival.record.topic),
                let context = context(UserKey(key), TokenCore.Asker(id: nil), state)
            else { return rendering.deadLetter(arrival, reason: "tenant_not_found") }
            let outcome = handler.decide(entry, &state, context)
            return rendering.directoryMessages(outcome, key, arrival.key, at: Self.instant)
        case .command(let command):
            let asker = Result { () throws(SignatureFault) in try self.asker(of: command) }
            let outcome = outcome(of: command, by: asker, &state)
            let id: String? = if case .success(let asker) = asker { asker.id } else { nil }
            return rendering.messages(outcome, command, arrival.key, asker: id, at: Self.instant)
        }
    }

    private func asker(of command: CommandArrival) throws(SignatureFault) -> TokenCore.Asker {
        guard let signature = command.signature else { return TokenCore.Asker(id: command.envelope.authID) }
        let type = command.envelope.commandType
        return try verifier.asker(
            signature.get(),
            of: command.user,
            privilege: type.topic == nil ? nil : type.name,
            at: Self.instant
        )
    }

    private func outcome(
        of command: CommandArrival,
        by asker: Result<TokenCore.Asker, SignatureFault>,
        _ state: inout WorkingSet
    ) -> Outcome {
        if let refusal = command.replyRefusal { return .rejected(refusal) }
        guard case .success(let asker) = asker else { return .rejected(Rejection(.forbidden)) }
        if let end = command.envelope.expiryTime, end < Self.instant { return .rejected(Rejection(.expired)) }
        guard let context = context(command.user, asker, state) else { return .rejected(Rejection(.tenantNotFound)) }
        let prepared: HandlerTable.Prepared
        switch command.content {
        case .success(let value): prepared = value
        case .failure(let refusal): return .rejected(refusal)
        }
        guard prepared.keys.admit(command.user) else { return .rejected(.malformed(field: Undecodable.keyField)) }
        switch prepared.needs {
        case .failure(let refusal): return .rejected(refusal)
        case .success(let needs):
            for seed in needs.seeds { open(seed) }
            if let page = needs.page {
                let tokens = state.users.values.filter { $0.key.tenant == command.user.tenant }.flatMap(\.tokens)
                state.tenantPage = Array(tokens.sorted { $0.id < $1.id }.prefix(page.limit))
            }
        }
        return prepared.decide(&state, context)
    }

    /// As the worker does to find who else has the seed.
    private func open(_ seed: SubmittedSeed) {
        do throws(Rejection) {
            _ = try SeedRules.seed(fromBase32: envelopes.open(seed, at: Self.instant))
        } catch {
            precondition(!error.code.rawValue.isEmpty)
        }
    }

    private func context(_ user: UserKey, _ asker: TokenCore.Asker, _ state: WorkingSet) -> DecisionContext? {
        guard let catalogue = state.catalogues[user.tenant] else { return nil }
        return DecisionContext(
            now: Self.instant,
            user: user,
            catalogue: catalogue,
            asker: asker,
            cryptography: ClearCryptography(),
            envelopes: envelopes,
            // Whatever is drawn is drawn again when the input is.
            random: SeededSource(seed: UInt64(state.users.count)),
            limits: rendering.settings.limits
        )
    }

    /// Files with keys that are the same in each run, since samples are sealed under them.
    private static func keyFiles() -> (keys: String, signatures: String) {
        let rings = Ring.allCases.filter { $0 != .audit }.map { ring in
            let secret = Base64URL.encode(Digest.sha256(Array("fuzz \(ring.rawValue)".utf8)))
            return
                #"{"kid":"\#(ring.rawValue)","ring":"\#(ring.rawValue)","state":"active","kty":"oct","k":"\#(secret)"}"#
        }
        let files = (".build/fuzz/keys.jwks", ".build/fuzz/commands.jwks")
        write(SampleKeys.set(rings), to: files.0)
        write(SampleKeys.wholeSet, to: files.1)
        return files
    }

    static func write(_ bytes: some Sequence<UInt8>, to path: String) {
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes = Array(bytes)
        guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
            fatalError("cannot write \(path)")
        }
        Glibc.close(file)
    }

    private static func write(_ text: String, to path: String) { write(text.utf8, to: path) }
}
