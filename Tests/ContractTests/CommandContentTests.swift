import Contract
import Testing
import TokenCore

@Suite("Data of commands")
struct CommandContentTests {
    static let uuid = "0193d2c4-5b7e-7a10-8c3d-9f0e1a2b3c4d"
    static let tokenId = UUIDValue(high: 0x0193_D2C4_5B7E_7A10, low: 0x8C3D_9F0E_1A2B_3C4D)

    private func fields(_ json: String) throws -> FieldReader {
        let text = json.replacing("$id", with: Self.uuid)
        return FieldReader(try #require(try JSONParser.parse(Array(text.utf8)).objectValue))
    }

    private func field<Content: CommandContent>(_ type: Content.Type, _ json: String) throws -> String? {
        do {
            _ = try Content(try fields(json))
            return nil
        } catch let error as FieldError {
            return error.pointer
        }
    }

    @Test("an enrolment is read whole")
    func enroll() throws {
        let command = try EnrollToken(
            fields(
                #"""
                {"tokenType":"virtual","phone":"+41790000067","email":"a@example.org","channel":"sms","serial":"S-1","otp1":"123456",
                 "otp2":"654321","secret":"GEZDGNBV","count":20,"description":"","expiresAt":"2027-01-01T00:00:00Z",
                 "activate":"on-first-otp","unknown":[1]}
                """#
            )
        )
        #expect(command.tokenType == "virtual")
        #expect(command.contact.phone == "+41790000067")
        #expect(command.contact.email == "a@example.org")
        #expect(command.contact.channel == .sms)
        #expect(command.hardware.serial == "S-1")
        #expect(command.hardware.otp1?.exposed == "123456")
        #expect(command.hardware.otp2?.exposed == "654321")
        #expect(command.secret?.exposed == "GEZDGNBV")
        #expect(command.count == 20)
        #expect(command.description == "")
        #expect(command.expiresAt == Instant(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(command.activate == .onFirstOTP)
        #expect(!"\(command)".contains("123456") && !"\(command)".contains("GEZD"))
        let shortest = try EnrollToken(fields(#"{"tokenType":"totp","phone":null}"#))
        #expect(shortest.contact.phone == nil)
        #expect(shortest.activate == nil)
    }

    @Test(
        "an ill-typed field of an enrolment is named",
        arguments: [
            (#"{}"#, "/tokenType"), (#"{"tokenType":null}"#, "/tokenType"), (#"{"tokenType":1}"#, "/tokenType"),
            (#"{"tokenType":"t","phone":41}"#, "/phone"), (#"{"tokenType":"t","email":{}}"#, "/email"),
            (#"{"tokenType":"t","channel":"fax"}"#, "/channel"), (#"{"tokenType":"t","count":0}"#, "/count"),
            (#"{"tokenType":"t","count":21}"#, "/count"), (#"{"tokenType":"t","count":1.5}"#, "/count"),
            (#"{"tokenType":"t","count":"3"}"#, "/count"), (#"{"tokenType":"t","expiresAt":"tomorrow"}"#, "/expiresAt"),
            (#"{"tokenType":"t","activate":"later"}"#, "/activate"), (#"{"tokenType":"t","secret":true}"#, "/secret"),
            (#"{"tokenType":"t","description":"a\nb"}"#, "/description"),
            (#"{"tokenType":"t","serial":"a\u2028b"}"#, "/serial"),
            (#"{"tokenType":"t","description":"\#(String(repeating: "é", count: 256))"}"#, "/description"),
            (#"{"tokenType":"t","otp1":"\#(String(repeating: "1", count: 65))"}"#, "/otp1"),
        ]
    )
    func enrollErrors(json: String, pointer: String) throws {
        #expect(try field(EnrollToken.self, json) == pointer)
    }

    @Test("255 characters are allowed, counted as scalars")
    func textLength() throws {
        #expect(
            try field(EnrollToken.self, #"{"tokenType":"t","description":"\#(String(repeating: "é", count: 255))"}"#)
                == nil
        )
        let marks = "a" + String(repeating: "\u{301}", count: 255)
        #expect(try field(EnrollToken.self, #"{"tokenType":"t","description":"\#(marks)"}"#) == "/description")
    }

    @Test("an edit tells what is given from what is not")
    func edit() throws {
        let command = try EditToken(fields(#"{"tokenId":"$id","description":"","phone":null,"ifVersion":3}"#))
        #expect(command.tokenId == Self.tokenId)
        #expect(command.description == "")
        #expect(command.phone == nil)
        #expect(command.email == nil)
        #expect(command.ifVersion == 3)
        #expect(try field(EditToken.self, #"{"tokenId":"$id","ifVersion":-1}"#) == "/ifVersion")
        #expect(try field(EditToken.self, #"{"tokenId":"$id","ifVersion":"3"}"#) == "/ifVersion")
        #expect(try EditToken(fields(#"{"tokenId":"$id","ifVersion":3.0}"#)).ifVersion == 3)
    }

    @Test("commands about one token need its id, a UUID")
    func tokenIds() throws {
        for json in [#"{}"#, #"{"tokenId":"x"}"#, #"{"tokenId":5}"#, #"{"tokenId":null}"#, #"{"tokenId":"$id "}"#] {
            #expect(try field(ProvisionToken.self, json) == "/tokenId")
            #expect(try field(EditToken.self, json) == "/tokenId")
            #expect(try field(SetTokenStatus.self, json) == "/tokenId")
            #expect(try field(ViewToken.self, json) == "/tokenId")
            #expect(try field(ResetToken.self, json) == "/tokenId")
        }
        #expect(try field(CancelOTP.self, "{}") == "/challengeId")
        #expect(try field(OTPStatus.self, #"{"challengeId":"x"}"#) == "/challengeId")
        #expect(try OTPStatus(fields(#"{"challengeId":"$id"}"#)).challengeId == Self.tokenId)
        #expect(try CancelOTP(fields(#"{"challengeId":"$id"}"#)).challengeId == Self.tokenId)
        #expect(try ViewToken(fields(#"{"tokenId":"$id"}"#)).tokenId == Self.tokenId)
        #expect(try ProvisionToken(fields(#"{"tokenId":"$id","ifVersion":1}"#)).ifVersion == 1)
    }

    @Test("a change of status takes a reason and a version")
    func status() throws {
        let command = try SetTokenStatus(fields(#"{"tokenId":"$id","reason":"lost","ifVersion":0}"#))
        #expect(command.reason == "lost")
        #expect(command.ifVersion == 0)
        #expect(try field(SetTokenStatus.self, #"{"tokenId":"$id","reason":"a\u0000"}"#) == "/reason")
        #expect(try UnlockUser(fields("{}")).reason == nil)
        #expect(try field(UnlockUser.self, #"{"reason":7}"#) == "/reason")
    }

    @Test("hardware is named by its serial number on tenant-wide keys only")
    func hardware() throws {
        let bySerial = try SetHardwareStatus(fields(#"{"serial":"S-1","reason":"stolen"}"#))
        #expect(try bySerial.target(isTenantWide: true) == .serial("S-1"))
        #expect(throws: Rejection.malformed(field: "/tokenId")) { try bySerial.target(isTenantWide: false) }
        let both = try SetHardwareStatus(fields(#"{"tokenId":"$id","serial":"S-1","ifVersion":2}"#))
        #expect(throws: Rejection.malformed(field: "/serial")) { try both.target(isTenantWide: true) }
        #expect(try both.target(isTenantWide: false) == .tokenId(Self.tokenId))
        #expect(both.ifVersion == 2)
        let byID = try SetHardwareStatus(fields(#"{"tokenId":"$id"}"#))
        #expect(try byID.target(isTenantWide: true) == .tokenId(Self.tokenId))
        let neither = try SetHardwareStatus(fields("{}"))
        #expect(throws: Rejection.malformed(field: "/tokenId")) { try neither.target(isTenantWide: true) }
    }

    @Test("a delivery is read entry by entry; what is missing or ill-typed is named, too many are not read to the end")
    func delivery() throws {
        let command = try ImportTokens(
            fields(#"{"tokenType":"hotp-hardware","tokens":[{"serial":"S-1","secret":"GEZDGNBV","counter":7}]}"#)
        )
        #expect(command.tokens.map(\.serial) == ["S-1"])
        #expect(command.tokens[0].counter == 7)
        #expect(!"\(command)".contains("GEZDGNBV"))
        let bad = [
            #"{"tokenType":"x"}"#: "/tokens", #"{"tokenType":"x","tokens":[1]}"#: "/tokens/0",
            #"{"tokenType":"x","tokens":[{"serial":"S","secret":"A"},{"secret":"A"}]}"#: "/tokens/1/serial",
            #"{"tokenType":"x","tokens":[{"serial":"","secret":"A"}]}"#: "/tokens/0/serial",
            #"{"tokenType":"x","tokens":[{"serial":"S"}]}"#: "/tokens/0/secret",
            #"{"tokenType":"x","tokens":[{"serial":"S","secret":"A","digits":"6"}]}"#: "/tokens/0/digits",
        ]
        for (data, pointer) in bad { #expect(try field(ImportTokens.self, data) == pointer) }
        let many = Array(repeating: #"{"serial":"S","secret":"A"}"#, count: 1_001).joined(separator: ",")
        #expect(try ImportTokens(fields(#"{"tokenType":"x","tokens":[\#(many),{}]}"#)).tokens.count == 1_001)
    }

    @Test("a list has limits and filters")
    func list() throws {
        let plain = try ListTokens(fields("{}"))
        #expect(plain.limit == 50)
        #expect(plain.status == nil)
        let command = try ListTokens(
            fields(
                #"{"status":"ACTIVE","tokenType":"sms","serial":"S","expiresBefore":"2027-01-01T00:00:00Z","limit":500,"cursor":"x"}"#
            )
        )
        #expect(command.status == "ACTIVE")
        #expect(command.tokenType == "sms")
        #expect(command.serial == "S")
        #expect(command.expiresBefore == Instant(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(command.limit == 500)
        #expect(command.cursor == "x")
        for (json, pointer) in [
            (#"{"limit":0}"#, "/limit"), (#"{"limit":501}"#, "/limit"), (#"{"status":"active"}"#, "/status"),
            (#"{"status":"DELETED"}"#, "/status"), (#"{"cursor":1}"#, "/cursor"),
            (#"{"expiresBefore":1}"#, "/expiresBefore"),
        ] {
            #expect(try field(ListTokens.self, json) == pointer)
        }
    }

    @Test("a request names a purpose")
    func request() throws {
        for purpose in ["login", "approval", "test", "enrollment", "contact-change", "helpdesk"] {
            #expect(try RequestOTP(fields("{\"purpose\":\"\(purpose)\"}")).purpose.rawValue == purpose)
        }
        let command = try RequestOTP(fields(#"{"purpose":"login","tokenId":"$id","locale":"pt-BR"}"#))
        #expect(command.tokenId == Self.tokenId)
        #expect(command.locale == "pt-BR")
        for (json, pointer) in [
            ("{}", "/purpose"), (#"{"purpose":"Login"}"#, "/purpose"),
            (#"{"purpose":"login","tokenId":1}"#, "/tokenId"),
            (#"{"purpose":"login","locale":"../../etc"}"#, "/locale"), (#"{"purpose":"login","locale":""}"#, "/locale"),
            (#"{"purpose":"login","locale":"de-"}"#, "/locale"), (#"{"purpose":"login","context":"x"}"#, "/context"),
        ] {
            #expect(try field(RequestOTP.self, json) == pointer)
        }
    }

    @Test("a context has a reference and a text, and one canonical form")
    func context() throws {
        let one = try RequestOTP(
            fields(#"{"purpose":"approval","context":{"text":"Pay","reference":"P-1","fields":{"b":1.0,"a":2}}}"#)
        )
        let other = try VerifyOTP(
            fields(
                #"{"otp":"1","purpose":"approval","context":{"fields":{"a":2,"b":1},"reference":"P-1","text":"Pay"}}"#
            )
        )
        #expect(one.context?.canonical == other.context?.canonical)
        #expect(one.context?.canonical == Array(#"{"fields":{"a":2,"b":1},"reference":"P-1","text":"Pay"}"#.utf8))
        #expect(one.context?.reference == "P-1")
        #expect(one.context?.text == "Pay")
        #expect(one.context?.fields == ["b": 1.0, "a": 2])
        for (context, pointer) in [
            ("{}", "/context/reference"), (#"{"reference":"","text":"x"}"#, "/context/reference"),
            (#"{"reference":"a\n","text":"x"}"#, "/context/reference"), (#"{"reference":"a"}"#, "/context/text"),
            (#"{"reference":"\#(String(repeating: "r", count: 129))","text":"x"}"#, "/context/reference"),
            (#"{"reference":"a","text":5}"#, "/context/text"),
            (#"{"reference":"a","text":"x","fields":[]}"#, "/context/fields"),
        ] {
            #expect(try field(RequestOTP.self, "{\"purpose\":\"approval\",\"context\":\(context)}") == pointer)
        }
    }

    @Test("an OTP has at most 64 bytes, a ciphertext in its place 4,096")
    func otps() throws {
        func verify(_ otp: String) throws -> String? {
            try field(VerifyOTP.self, #"{"purpose":"login","otp":"\#(otp)"}"#)
        }
        #expect(try verify("") == nil)
        #expect(try verify(String(repeating: "1", count: 64)) == nil)
        #expect(try verify(String(repeating: "1", count: 65)) == "/otp")
        #expect(try verify("eyJ" + String(repeating: "a", count: 4_093)) == nil)
        #expect(try verify("eyJ" + String(repeating: "a", count: 4_094)) == "/otp")
        #expect(try field(VerifyOTP.self, #"{"purpose":"login","otp":123456}"#) == "/otp")
        #expect(try field(VerifyOTP.self, #"{"purpose":"login"}"#) == "/otp")
        #expect(try field(ResetToken.self, #"{"tokenId":"$id","otp1":"1"}"#) == "/otp2")
        let reset = try ResetToken(fields(#"{"tokenId":"$id","otp1":"1","otp2":"eyJ2"}"#))
        #expect(!reset.otp1.isCiphertext)
        #expect(reset.otp2.isCiphertext)
        let command = try VerifyOTP(fields(#"{"purpose":"login","otp":"815815","challengeId":"$id","tokenId":null}"#))
        var dumped = ""
        dump(command, to: &dumped)
        #expect(command.challengeId == Self.tokenId)
        #expect(!"\(command)\(String(reflecting: command))\(dumped)".contains("815815"))
    }

    @Test("fields in arrays and objects are named by their whole path")
    func nested() throws {
        let reader = try fields(#"{"tokens":[{"serial":"a"},{"serial":5},7],"flag":true,"flags":[]}"#)
        #expect(try reader.bool("flag"))
        #expect(try reader.array("flags").isEmpty)
        #expect(throws: FieldError(pointer: "/tokens/2")) { try reader.objects("tokens") }
        #expect(throws: FieldError(pointer: "/flag")) { try reader.object("flag") }
        let two = try fields(#"{"tokens":[{"serial":"a"},{"serial":5}]}"#).objects("tokens")
        #expect(try two[0].string("serial") == "a")
        #expect(throws: FieldError(pointer: "/tokens/1/serial")) { try two[1].string("serial") }
    }
}
