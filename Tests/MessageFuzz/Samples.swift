import CommandSigning
import Contract
import Glibc
import Messaging
import TestSupport
import TokenCore
import TokenCrypto
import TokenStore

/// Valid records of every command and of the directory, in both content modes, unsigned and signed, and valid texts: what
/// the mutations begin with.
struct Samples {
    private let path: RecordPath
    private var inputs: [[UInt8]] = []
    private static let alice = "default/alice"
    private static let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    init(_ path: RecordPath) {
        self.path = path
        for (type, key, data) in commands { add(CommandType(rawValue: "usertokens.\(type).v1"), key, data) }
        for (key, value) in directory { add(MutatedRecord(.users, key: Array(key.utf8), value: value, headers: [])) }
        addTexts()
    }

    func write(to folder: String) {
        for (number, input) in inputs.enumerated() { RecordPath.write(input, to: "\(folder)/sample-\(number)") }
    }

    private mutating func add(_ record: MutatedRecord) { inputs.append(record.bytes) }

    private mutating func add(_ type: CommandType, _ key: String, _ data: String) {
        let topic: MutatedRecord.Topic = type.topic == .verification ? .verification : .enrollment
        let value = Array(data.utf8)
        let binary = Self.attributes(type) + [KafkaHeader(name: "content-type", value: Array("application/json".utf8))]
        add(MutatedRecord(topic, key: Array(key.utf8), value: value, headers: binary))
        let members = Self.attributes(type).map { header in
            "\"\(header.name.dropFirst(3))\":\"\(String(decoding: header.value ?? [], as: UTF8.self))\""
        }
        let event = "{\(members.joined(separator: ",")),\"datacontenttype\":\"application/json\",\"data\":\(data)}"
        let structured = KafkaHeader(name: "content-type", value: Array("application/cloudevents+json".utf8))
        add(MutatedRecord(topic, key: Array(key.utf8), value: Array(event.utf8), headers: [structured]))
        let claims = """
            {"iss":"\(RecordPath.issuer)","aud":"usertokens","sub":"olga","tenant":"default","scope":"\(type.name)",\
            "exp":1800000060,"cid":"c-1","dig":"\(SignedClaims.digest(of: value))"}
            """
        let signed = binary + [KafkaHeader(name: "authorization", value: Array(claims.utf8))]
        add(
            MutatedRecord(topic, isSigned: true, signsClaims: true, key: Array(key.utf8), value: value, headers: signed)
        )
    }

    private static func attributes(_ type: CommandType) -> [KafkaHeader] {
        [
            ("ce_specversion", "1.0"), ("ce_id", "c-1"), ("ce_source", "/iam"), ("ce_type", type.rawValue),
            ("ce_time", "2027-01-15T08:00:00Z"), ("ce_tenant", "default"), ("ce_correlationid", "flow-7"),
        ].map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
    }

    /// Type, key and data, which name tokens that are there.
    private var commands: [(String, String, String)] {
        let tokens = path.state.users[UserKey(tenant: "default", userID: "alice")]?.tokens ?? []
        let sms = tokens.first { $0.device.address != nil }.map { "\($0.id)" } ?? ""
        let app = tokens.first { $0.oath != nil }.map { "\($0.id)" } ?? ""
        let values = (tokens.lazy.compactMap(\.oath).first?.secret.bytes).map(Self.values) ?? []
        let proofs = Self.values(of: Array("12345678901234567890".utf8))
        let stocked = path.state.users[UserKey.stock(of: "default")]?.tokens.first.map { "\($0.id)" } ?? ""
        let challenge = "0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d"
        let context = #"{"reference":"r-1","text":"Pay 1 CHF","fields":{"amount":1.5,"to":"Bob"}}"#
        let sealed = sealedSeed(serial: "S-2")
        return [
            (
                "token.enroll", Self.alice,
                #"{"tokenType":"sms","phone":"+41791234567","activate":"now","description":"d"}"#
            ),
            ("token.enroll", Self.alice, #"{"tokenType":"email","email":"alice.7@example.org"}"#),
            ("token.enroll", Self.alice, #"{"tokenType":"totp","expiresAt":"2036-01-01T00:00:00Z"}"#),
            ("token.enroll", Self.alice, #"{"tokenType":"recovery","count":3}"#),
            ("token.enroll", Self.alice, #"{"serial":"S-1","otp1":"\#(proofs[0])","otp2":"\#(proofs[1])"}"#),
            ("token.provision", Self.alice, #"{"tokenId":"\#(app)"}"#),
            ("token.edit", Self.alice, #"{"tokenId":"\#(sms)","description":"x","ifVersion":1}"#),
            ("token.disable", Self.alice, #"{"tokenId":"\#(app)","reason":"lost"}"#),
            ("token.enable", Self.alice, #"{"tokenId":"\#(app)","reason":"found"}"#),
            ("token.delete", Self.alice, #"{"tokenId":"\#(sms)"}"#),
            ("token.unassign", Self.alice, #"{"tokenId":"\#(app)"}"#),
            ("token.compromise", "default/~stock", #"{"serial":"S-1","reason":"stolen"}"#),
            (
                "token.import", "default/~stock",
                """
                {"tokenType":"hotp-hardware","tokens":[{"serial":"S-2","secret":"\(sealed)","counter":3,"digits":6},\
                {"serial":"S-3","secret":"\(Self.seed)","userId":"bob","algorithm":"SHA1"}]}
                """
            ),
            ("token.view", Self.alice, #"{"tokenId":"\#(sms)"}"#),
            ("token.list", Self.alice, #"{"status":"ACTIVE","limit":5,"expiresBefore":"2037-01-01T00:00:00Z"}"#),
            ("token.list", "default/~stock", #"{"serial":"S-1","limit":3,"cursor":"\#(stocked)"}"#),
            (
                "tokentype.define", "default/~types",
                """
                {"tokenType":"card","kind":"totp","hardware":true,"names":{"en":"Company card","de":"Firmenkarte"},\
                "policy":{"maxPerUser":1,"lifetime":94608000,"digits":8,"lockSeconds":[1,2],"notices":["locked"]}}
                """
            ),
            ("tokentype.edit", "default/~types", #"{"tokenType":"sms","policy":{"digits":null},"names":{"en":null}}"#),
            ("tokentype.retire", "default/~types", #"{"tokenType":"sms"}"#),
            ("tokentype.list", "default/~types", "{}"),
            ("otp.request", Self.alice, #"{"purpose":"login","tokenId":"\#(sms)","locale":"de-CH"}"#),
            ("otp.request", Self.alice, #"{"purpose":"approval","tokenId":"\#(sms)","context":\#(context)}"#),
            ("otp.verify", Self.alice, #"{"purpose":"login","otp":"\#(values[0])","tokenId":"\#(app)"}"#),
            ("otp.verify", Self.alice, #"{"purpose":"approval","otp":"00000000","context":\#(context)}"#),
            ("otp.cancel", Self.alice, #"{"challengeId":"\#(challenge)"}"#),
            ("otp.status", Self.alice, #"{"challengeId":"\#(challenge)"}"#),
            ("token.reset", Self.alice, #"{"tokenId":"\#(app)","otp1":"\#(values[0])","otp2":"\#(values[1])"}"#),
            ("token.unlock", Self.alice, #"{"tokenId":"\#(app)","reason":"asked"}"#),
            ("user.unlock", Self.alice, #"{"reason":"asked"}"#),
        ]
    }

    private var directory: [(String, [UInt8]?)] {
        let data = #"{"phone":"+41791234567","email":"a@example.org","locale":"de","displayName":"D","revision":7}"#
        return [(Self.alice, Array(data.utf8)), ("acme/bob", Array(#"{"revision":1}"#.utf8)), (Self.alice, nil)]
    }

    private mutating func addTexts() {
        let numbers = #"{"a":[0,-1,1.5,1e3,9223372036854775807,"\u00e9\n"],"b":{"c":null,"d":true}}"#
        inputs.append([Form.json] + Array(numbers.utf8))
        let key = Key(kid: "k", ring: .submission, secret: Secret([UInt8](repeating: 7, count: 32)))
        inputs.append([Form.jwe] + JWE.seal(Array("{}".utf8), key: key))
        inputs.append([Form.jwe] + JWE.sealA256KW(Array("{}".utf8), key: key))
    }

    /// The first two of a device.
    private static func values(of seed: [UInt8]) -> [String] {
        let device = HMACDevice(seed: seed)
        return (0..<2 as Range<Int64>).map { counter in
            let digits = String(HOTP.value(of: device, at: counter, digits: 6))
            return String(repeating: "0", count: 6 - digits.count) + digits
        }
    }

    private func sealedSeed(serial: String) -> String {
        guard let sealer = SubmissionSealer(keys: path.keys.current) else { preconditionFailure("no ring submission") }
        return sealer.seal(
            secret: Secret(Array("abcdefghijklmnopqrst".utf8)),
            tenant: "default",
            serial: serial,
            expires: RecordPath.instant.adding(seconds: 600)
        )
    }
}

extension RecordPath {
    /// Gives Alice a phone and an app, and the stock a device.
    func prepare() {
        for (key, type, data) in [
            ("default/alice", CommandType.enrollToken, #"{"tokenType":"sms","phone":"+41791234567","activate":"now"}"#),
            ("default/alice", .enrollToken, #"{"tokenType":"hotp","activate":"now"}"#),
            (
                "default/~stock", .importTokens,
                #"{"tokenType":"hotp-hardware","tokens":[{"serial":"S-1","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"}]}"#
            ),
        ] {
            keep(
                MutatedRecord(
                    .enrollment,
                    key: Array(key.utf8),
                    value: Array(data.utf8),
                    headers: [
                        ("ce_specversion", "1.0"), ("ce_id", "0"), ("ce_source", "/fuzz"), ("ce_type", type.rawValue),
                    ].map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
                )
            )
        }
    }
}
