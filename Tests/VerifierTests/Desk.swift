import Contract
import TestSupport
import TokenCore
import WorkerRuntime

/// One user's state, and commands as they come from the wire.
struct Desk {
    var state = WorkingSet()
    var now = Instant(seconds: 1_700_000_000)
    var types: [String: TokenType]
    var limits = SendingLimits()
    var asker = Asker(id: "iam", viewsContacts: true)
    let user: UserKey
    private let seed: UInt64
    /// New for each command, as ids and OTPs have to differ from command to command.
    private var commands: UInt64 = 0

    init(user: String = "alice", seed: UInt64 = 7) {
        self.user = UserKey(tenant: "default", userID: user)
        self.seed = seed
        types = Dictionary(TokenType.builtIn.map { ($0.name, $0) }) { first, _ in first }
    }

    var record: UserRecord {
        get { state[user] }
        set { state[user] = newValue }
    }

    var context: DecisionContext {
        DecisionContext(
            now: now,
            user: user,
            catalogue: TypeCatalogue(Array(types.values)),
            asker: asker,
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            random: SeededSource(seed: seed &+ commands &* 1_000_003),
            limits: limits
        )
    }

    mutating func rule(_ type: String, _ change: (inout TypePolicy) -> Void) {
        guard var found = types[type] else { return }
        change(&found.policy)
        types[type] = found
    }

    mutating func send<Handler: CommandHandler>(_ handler: Handler, _ data: JSONObject) throws -> Outcome {
        commands += 1
        let command = try Handler.Command(FieldReader(data))
        return handler.decide(command, &state, context)
    }

    mutating func add(_ type: String, status: TokenStatus = .active, serial: String? = nil) -> TokenID {
        commands += 1
        let tokenType = types[type] ?? TokenType(name: type, kind: .totp)
        let id = TokenID(context.newID())
        let channel: Channel? = tokenType.kind == .sms ? .sms : tokenType.kind == .email ? .email : nil
        let address = channel == .sms ? "+41790000067" : channel == .email ? "alice@example.org" : nil
        var token = Token(
            id: id,
            owner: user,
            type: Token.TypeReference(tokenType),
            status: status,
            device: Token.Device(channel: channel, address: address, serial: serial),
            times: Token.Times(createdAt: now)
        )
        if tokenType.kind.isOATH {
            token.oath = OATHState(
                secret: SealedSecret(bytes: Array("seed \(id)".utf8)),
                algorithm: .sha1,
                digits: 6,
                period: 30
            )
        }
        record[id] = token
        record.lockout = record.lockout ?? Lockout()
        return id
    }

    func shown(_ token: TokenID, _ factor: Int64) -> String {
        let value = HOTP.value(of: HMACDevice(seed: Array("seed \(token)".utf8)), at: factor, digits: 6)
        return String(String(1_000_000 + value).dropFirst())
    }
}

extension Outcome {
    var result: JSONObject? {
        if case .ok(let result) = answer { result } else { nil }
    }

    var rejection: Rejection? {
        if case .rejected(let rejection) = answer { rejection } else { nil }
    }

    func event(_ type: EventType) -> JSONObject? { events.first { $0.type == type }?.data }

    /// All that goes on the wire in clear.
    var clearText: String {
        let objects = [result].compactMap(\.self) + events.map(\.data)
        return objects.map { String(decoding: $0.serialized(), as: UTF8.self) }.joined(separator: "\n")
    }
}

func text(_ id: some CustomStringConvertible) -> JSONValue { .string(id.description) }
