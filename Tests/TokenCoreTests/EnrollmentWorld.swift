import TestSupport

@testable import TokenCore

/// A user, a catalogue and an instant, for tests of enrolment and what follows it.
struct EnrollmentWorld {
    static let alice = UserKey(tenant: "acme", userID: "alice")
    static let start = Instant(seconds: 1_800_000_000)

    var now = Self.start
    var types = TokenType.builtIn
    var asker = Asker(id: "operator")
    let random = SeededSource(seed: 1)

    var context: DecisionContext {
        DecisionContext(
            now: now,
            user: Self.alice,
            catalogue: TypeCatalogue(types),
            asker: asker,
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            random: random,
            limits: SendingLimits()
        )
    }

    /// Changes the policy of a type, or of all.
    mutating func rule(_ name: String? = nil, _ change: (inout TypePolicy) -> Void) {
        for index in types.indices where name == nil || types[index].name == name {
            change(&types[index].policy)
        }
    }

    /// A token of a built-in type in any status, put into the record as it is.
    func put(
        _ type: String,
        _ status: TokenStatus = .active,
        into record: inout UserRecord,
        _ change: (inout Token) -> Void = { _ in }
    ) -> TokenID {
        let type = types.first { $0.name == type } ?? TokenType(name: type, kind: .sms)
        var token = Token(
            id: TokenID(context.newID()),
            owner: record.key,
            type: Token.TypeReference(type),
            status: status,
            times: Token.Times(createdAt: now)
        )
        switch type.kind {
        case .sms: token.device = Token.Device(channel: .sms, address: "+41791234567")
        case .email: token.device = Token.Device(channel: .email, address: "alice@example.org")
        case .virtual: token.device = Token.Device(channel: .email)
        case .hotp, .totp:
            let seed = random.bytes(20)
            token.oath = OATHState(secret: SealedSecret(bytes: seed), algorithm: .sha1, digits: 6, period: 30)
        case .recovery: break
        }
        if type.isHardware { token.device.serial = "S-\(token.id)" }
        change(&token)
        record[token.id] = token
        record.lockout = record.lockout ?? Lockout()
        return token.id
    }

    func record(phone: String? = "+41790000001", email: String? = "alice@work.example") -> UserRecord {
        UserRecord(
            key: Self.alice,
            contact: DirectoryEntry(phone: phone, email: email, locale: "de", revision: 1)
        )
    }

    /// An open challenge of a token.
    func challenge(_ token: TokenID, _ purpose: Purpose = .login, in record: inout UserRecord) -> ChallengeID {
        let id = ChallengeID(context.newID())
        record[id] = Challenge(
            id: id,
            tokenID: token,
            purpose: purpose,
            createdAt: now,
            expiresAt: now.adding(seconds: 300),
            otp: .init(
                digits: 6,
                current: KeyedDigest(bytes: []),
                sentAt: now,
                notificationID: NotificationID(context.newID())
            )
        )
        return id
    }
}

extension ProvisionedToken {
    var keyURI: KeyURI? {
        if case .keyURI(let uri)? = secret { uri } else { nil }
    }
}
