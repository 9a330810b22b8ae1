import TestSupport
import Testing

@testable import TokenCore

@Suite("Enrolment rules")
struct EnrollmentRulesTests {
    var world = EnrollmentWorld()

    @Test("make an SMS token ACTIVE at once, an OATH app PENDING until its first OTP")
    func defaults() throws {
        var record = UserRecord(key: EnrollmentWorld.alice)
        let sms = try record.enroll(.init(tokenType: "sms", phone: "+41791234567"), world.context)
        #expect(sms.token.status == .active)
        #expect(sms.token.times.activatedAt == world.now)
        #expect(sms.token.times.activateBefore == nil)
        #expect(sms.token.device.address == "+41791234567")
        #expect(sms.keyURI == nil)
        #expect(sms.token.version == 1)
        #expect(record.lockout == Lockout())

        let totp = try record.enroll(.init(tokenType: "totp"), world.context)
        #expect(totp.token.status == .pending)
        #expect(totp.token.times.activatedAt == nil)
        #expect(totp.token.times.activateBefore == world.now.adding(seconds: 7 * 86_400))
        #expect(totp.token.oath?.secret.bytes.count == 20)
        #expect(totp.keyURI?.text.hasPrefix("otpauth://totp/acme:alice?secret=") == true)
        #expect(record.tokens.map(\.id) == [sms.token.id, totp.token.id])
    }

    @Test("let the command choose how a token becomes ACTIVE, then the policy, then the kind")
    func activation() throws {
        var world = world
        var record = UserRecord(key: EnrollmentWorld.alice)
        world.rule { $0.life.activate = .onFirstOTP }
        #expect(
            try record.enroll(.init(tokenType: "sms", phone: "+41791234567"), world.context).token.status == .pending
        )
        var request = EnrollmentRequest(tokenType: "hotp")
        request.activate = .now
        #expect(try record.enroll(request, world.context).token.status == .active)
    }

    @Test(
        "make a seed as long as the hash",
        arguments: [(HashAlgorithm.sha1, 20), (.sha256, 32), (.sha512, 64)]
    )
    func seeds(algorithm: HashAlgorithm, length: Int) throws {
        var world = world
        world.rule("totp") { $0.otp.algorithm = algorithm }
        var record = UserRecord(key: EnrollmentWorld.alice)
        let state = try #require(try record.enroll(.init(tokenType: "totp"), world.context).token.oath)
        #expect(state.secret.bytes.count == length)
        #expect(state.algorithm == algorithm)
    }

    @Test("take a seed in clear or sealed for this user, and refuse one cut from another's envelope")
    func broughtSeed() throws {
        var record = UserRecord(key: EnrollmentWorld.alice)
        let text = Base32.encode(Array(1...20))
        let clear = try record.enroll(.init(tokenType: "totp", secret: text), world.context)
        #expect(clear.token.oath?.secret.bytes == Array(1...20))
        #expect(clear.keyURI?.text.contains(text) == true)

        let other = Base32.encode(Array(2...21))
        let sealed = try record.enroll(.init(tokenType: "hotp", secret: "eyJ.secret.alice.\(other)"), world.context)
        #expect(sealed.token.oath?.secret.bytes == Array(2...21))

        let before = record
        #expect(throws: Rejection(.invalidCiphertext)) {
            try record.enroll(.init(tokenType: "hotp", secret: "eyJ.secret.mallory.\(other)"), world.context)
        }
        #expect(record == before)
    }

    @Test("refuse a seed that another of the user's tokens holds, also under another algorithm")
    func secretTaken() throws {
        var world = world
        var record = UserRecord(key: EnrollmentWorld.alice)
        let text = Base32.encode(Array(1...20))
        _ = try record.enroll(.init(tokenType: "totp", secret: text), world.context)
        world.rule("hotp") { $0.otp.algorithm = .sha512 }
        let before = record
        #expect(throws: Rejection(.secretTaken)) {
            try record.enroll(.init(tokenType: "hotp", secret: text.lowercased()), world.context)
        }
        #expect(record == before)
        _ = try record.enroll(.init(tokenType: "hotp", secret: Base32.encode(Array(2...21))), world.context)
    }

    static let refusals: [(EnrollmentRequest, Rejection)] = [
        (.init(tokenType: "pigeon"), Rejection(.unknownTokenType)),
        (.init(tokenType: "totp-hardware"), .malformed(field: "/serial")),
        (.init(tokenType: "sms"), .malformed(field: "/phone")),
        (.init(tokenType: "sms", phone: "0791234567"), Rejection(.invalidPhone)),
        (.init(tokenType: "email"), .malformed(field: "/email")),
        (.init(tokenType: "email", email: "alice@example.org\r\nBcc: m@x.y"), Rejection(.invalidEmail)),
        (.init(tokenType: "virtual"), .malformed(field: "/channel")),
        (.init(tokenType: "virtual", channel: .email), Rejection(.noContact)),
        (.init(tokenType: "totp", secret: "1"), .malformed(field: "/secret")),
        (.init(tokenType: "totp", secret: Base32.encode([1, 2, 3])), Rejection(.weakSecret)),
    ]

    @Test("refuse what the type does not take, and leave the record alone", arguments: refusals)
    func refuses(request: EnrollmentRequest, rejection: Rejection) {
        var record = world.record(email: nil)
        let before = record
        #expect(throws: rejection) { try record.enroll(request, world.context) }
        #expect(record == before)
    }

    @Test("refuse a type that is retired or closed")
    func closedTypes() {
        var world = world
        var record = world.record()
        world.rule("sms") { $0.permits.enrollable = false }
        world.types[1].isRetired = true
        for request in [
            EnrollmentRequest(tokenType: "sms", phone: "+41791234567"),
            EnrollmentRequest(tokenType: "email", email: "a@example.org"),
        ] {
            #expect(throws: Rejection(.typeNotEnrollable)) { try record.enroll(request, world.context) }
        }
    }

    @Test("check description and end before all else")
    func textAndEnd() {
        var record = world.record()
        var request = EnrollmentRequest(tokenType: "pigeon")
        request.text = "a\nb"
        #expect(throws: Rejection.malformed(field: "/description")) { try record.enroll(request, world.context) }
        request.text = nil
        request.expiresAt = world.now
        #expect(throws: Rejection.malformed(field: "/expiresAt")) { try record.enroll(request, world.context) }
    }

    @Test("count towards the limit what is or can be of use, not what is over")
    func tooMany() throws {
        var world = world
        world.rule("sms") { $0.life.maxPerUser = 2 }
        var record = world.record()
        let request = EnrollmentRequest(tokenType: "sms", phone: "+41791234567")
        _ = try record.enroll(request, world.context)
        let second = try record.enroll(request, world.context).token
        #expect(throws: Rejection(.tooManyTokens)) { try record.enroll(request, world.context) }
        _ = try record.disable(second.id, world.context)
        #expect(throws: Rejection(.tooManyTokens)) { try record.enroll(request, world.context) }
        record[second.id]?.times.expiresAt = world.now
        _ = try record.enroll(request, world.context)
        _ = try record.enroll(.init(tokenType: "email", email: "a@example.org"), world.context)
    }

    @Test("end a token after the policy's lifetime, unless the command says when")
    func lifetime() throws {
        var world = world
        world.rule("sms") { $0.life.lifetime = 86_400 }
        var record = world.record()
        var request = EnrollmentRequest(tokenType: "sms", phone: "+41791234567")
        let end = world.now.adding(seconds: 86_400)
        #expect(try record.enroll(request, world.context).token.times.expiresAt == end)
        request.expiresAt = world.now.adding(seconds: 1)
        #expect(try record.enroll(request, world.context).token.times.expiresAt == request.expiresAt)
    }

    @Test("give a PENDING soft token a new seed on request, and no other token one")
    func provision() throws {
        var record = world.record()
        let first = try record.enroll(.init(tokenType: "totp"), world.context)
        let again = try record.provision(first.token.id, ifVersion: 1, world.context)
        #expect(again.token.oath?.secret != first.token.oath?.secret)
        #expect(again.token.version == 2)
        #expect(record[first.token.id] == again.token)
        #expect(again.keyURI?.text != first.keyURI?.text)

        #expect(throws: Rejection(.versionConflict, .init(version: 2))) {
            try record.provision(first.token.id, ifVersion: 1, world.context)
        }
        record[first.token.id]?.status = .active
        #expect(throws: Rejection(.wrongStatus, .init(status: .active))) {
            try record.provision(first.token.id, ifVersion: nil, world.context)
        }
        let sms = world.put("sms", into: &record)
        let device = world.put("totp-hardware", .pending, into: &record)
        for id in [sms, device] {
            #expect(throws: Rejection(.notProvisionable)) { try record.provision(id, ifVersion: nil, world.context) }
        }
    }

    @Test("show neither seed nor contact in a request's description")
    func redacted() {
        let request = EnrollmentRequest(tokenType: "totp", phone: "+41791234567", secret: "GEZDGNBVGY3TQOJQ")
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] {
            #expect(!text.contains("GEZDG") && !text.contains("4179"))
        }
    }
}
