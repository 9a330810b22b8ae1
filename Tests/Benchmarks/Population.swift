import Contract
import TokenCore
import TokenCrypto
import TokenStore

/// Users with a HOTP or a TOTP token each, written as a batch worker writes them.
struct Population {
    struct Member: Sendable {
        let user: UserKey
        let token: TokenID
        let kind: TokenKind
        let seed: [UInt8]
    }

    let members: [Member]

    static func enrol(_ count: Int, in world: BenchmarkWorld) throws -> Population {
        let store = try TokenStore(StoreSettings(url: world.database, applicationName: "benchmark"), keys: world.keys)
        defer { store.close() }
        let lane = try store.lane(topic: "~benchmark", partition: 0)
        let epoch = try store.takeOver(lane).lane.epoch
        var members: [Member] = []
        for start in stride(from: 0, to: count, by: 256) {
            let some = (start..<min(start + 256, count)).map(member)
            let loaded = try store.begin(
                BatchRequest(lanes: [lane], keys: [], users: Set(some.map(\.user)), tenants: ["default"])
            )
            guard let row = loaded.lanes[lane], row.epoch == epoch else { throw ChildFailed(description: "lane lost") }
            var after = loaded.state
            for member in some { after[member.user] = record(of: member, store, at: loaded.clock) }
            try store.commit(
                BatchResult(
                    before: loaded.state,
                    after: after,
                    lanes: [lane: row],
                    inbox: [],
                    audit: [],
                    instant: loaded.clock
                )
            )
            members += some
        }
        // As autovacuum would have done on a system that has run for a minute.
        let connection = try world.connect()
        defer { connection.close() }
        try connection.execute("ANALYZE")
        return Population(members: members)
    }

    private static func member(_ index: Int) -> Member {
        let words = SecureRandom.words(2)
        return Member(
            user: UserKey(tenant: "default", userID: "user-\(index)"),
            token: TokenID(UUIDValue(version7: Instant(seconds: 1_700_000_000), random: (words[0], words[1]))),
            kind: index.isMultiple(of: 2) ? .hotp : .totp,
            seed: SecureRandom.bytes(20)
        )
    }

    private static func record(of member: Member, _ store: TokenStore, at now: Instant) -> UserRecord {
        var token = Token(
            id: member.token,
            owner: member.user,
            type: Token.TypeReference(name: member.kind.rawValue, kind: member.kind, isHardware: false),
            status: .active,
            oath: OATHState(
                secret: store.cryptography.seal(seed: member.seed, for: member.token, tenant: "default"),
                algorithm: .sha1,
                digits: 6,
                period: 30
            ),
            times: Token.Times(createdAt: now)
        )
        token.times.activatedAt = now
        return UserRecord(key: member.user, lockout: Lockout(), tokens: [token])
    }
}
