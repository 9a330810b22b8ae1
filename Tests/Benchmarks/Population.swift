import Contract
import Foundation
import Messaging
import TokenCore
import TokenCrypto
import TokenStore

/// Users with one active token each, HOTP and TOTP in turn, and the values that their devices show.
struct Population {
    static let tenant = "default"
    private static let seedLength = 20
    private static let digits = 6
    private static let period = 30
    private let seeds: [UInt8]
    /// Users come in no order that their rows have.
    private let order: [Int]
    let count: Int

    /// Enrols them by writing their rows.
    init(count: Int, database: String, keys: KeySource) throws {
        self.count = count
        order = (0..<count).shuffled()
        var seeds = [UInt8](repeating: 0, count: count * Self.seedLength)
        var random = SystemRandomNumberGenerator()
        for index in seeds.indices { seeds[index] = UInt8.random(in: 0 ... .max, using: &random) }
        self.seeds = seeds

        let store = try TokenStore(StoreSettings(url: database, applicationName: "population"), keys: keys)
        defer { store.close() }
        for start in stride(from: 0, to: count, by: 1_000) {
            try enrol(start..<min(start + 1_000, count), in: store)
        }
    }

    static func user(_ index: Int) -> UserKey { UserKey(tenant: tenant, userID: "user-\(index)") }

    /// The command of a user, by turn, with the value that the user's device shows now. Each user has one turn.
    func command(_ turn: Int, id: String, topic: String, signing: SignedLoad?) throws -> OutgoingMessage {
        let index = order[turn]
        let factor = Self.isHOTP(index) ? 0 : Int64(Date().timeIntervalSince1970) / Int64(Self.period)
        let hmac = HMACContext(algorithm: .sha1)
        seed(index).withUnsafeBytes { hmac.setKey($0) }
        let number = hmac.truncated(counter: UInt64(factor)) % 1_000_000
        let otp = String(String(1_000_000 + number).dropFirst())
        let data: JSONObject = [
            "userId": .string(Self.user(index).userID), "otp": .string(otp), "purpose": .string("login"),
        ]
        let key = Array("\(Self.tenant)/\(Self.user(index).userID)".utf8)
        let value = data.serialized()
        var headers: [(Header, String)] = [
            (.specVersion, "1.0"), (.id, id), (.source, "/benchmark"), (.type, CommandType.verifyOTP.rawValue),
            (.contentType, "application/json"), (.correlationID, id),
        ]
        if let signing { headers.append((.authorization, try signing.authorization(id: id, key: key, data: value))) }
        return OutgoingMessage(
            topic: topic,
            key: key,
            value: value,
            headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
        )
    }

    private static func isHOTP(_ index: Int) -> Bool { index.isMultiple(of: 2) }

    private func seed(_ index: Int) -> [UInt8] {
        Array(seeds[index * Self.seedLength..<(index + 1) * Self.seedLength])
    }

    private func enrol(_ users: Range<Int>, in store: TokenStore) throws {
        let loaded = try store.begin(BatchRequest(lanes: [], keys: [], users: Set(users.map(Self.user))))
        var state = loaded.state
        for index in users {
            var record = UserRecord(key: Self.user(index))
            record.lockout = Lockout()
            record.tokens = [token(index, at: loaded.clock, in: store)]
            state[Self.user(index)] = record
        }
        try store.commit(
            BatchResult(before: loaded.state, after: state, lanes: [:], inbox: [], audit: [], instant: loaded.clock)
        )
    }

    private func token(_ index: Int, at now: Instant, in store: TokenStore) -> Token {
        var words = SystemRandomNumberGenerator()
        let id = TokenID(UUIDValue(version7: now, random: (words.next(), words.next())))
        let type = Token.TypeReference(
            name: Self.isHOTP(index) ? "hotp" : "totp",
            kind: Self.isHOTP(index) ? .hotp : .totp,
            isHardware: false
        )
        let oath = OATHState(
            secret: store.cryptography.seal(seed: seed(index), for: id, tenant: Self.tenant),
            algorithm: .sha1,
            digits: Self.digits,
            period: Self.period
        )
        return Token(
            id: id,
            owner: Self.user(index),
            type: type,
            status: .active,
            oath: oath,
            times: Token.Times(createdAt: now)
        )
    }
}
