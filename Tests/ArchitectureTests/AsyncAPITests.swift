import Contract
import Testing
import TokenCore

@Suite("AsyncAPI document")
struct AsyncAPITests {
    private let document: AsyncAPIDocument

    init() throws { document = try AsyncAPIDocument() }

    @Test("it has every topic, and a dead-letter topic for each that is read")
    func topics() throws {
        let topics = Topics()
        let channels = try document.object("channels").mapValues { ($0 as? [String: Any])?["address"] as? String }
        #expect(Set(channels.values) == Set(topics.all + topics.read.map { topics.dlq(of: $0) }))
        for (name, address) in channels { #expect(address == Topics.defaultPrefix + name) }
    }

    @Test("it has every command on its topic, with data, an operation and a reply, and no others")
    func commands() throws {
        for (channel, commands) in [
            ("commands.enrollment", CommandType.enrollment), ("commands.verification", CommandType.verification),
        ] {
            let messages = try document.messages(channel)
            #expect(messages == Dictionary(uniqueKeysWithValues: commands.map { ($0.name, $0.rawValue) }))
            for command in commands {
                _ = try document.members(of: document.payload(channel, command.name))
                let operation = try document.object("operations", command.name)
                #expect(operation["action"] as? String == "receive")
                #expect(
                    try document.object("operations", command.name, "channel")["$ref"] as? String
                        == "#/channels/\(channel)"
                )
                let reply = try document.object("operations", command.name, "reply")["messages"] as? [[String: String]]
                #expect(reply == [["$ref": "#/channels/replies/messages/\(command.name).reply"]])
            }
        }
        let replies = CommandType.all.map { ("\($0.name).reply", $0.reply) }
        #expect(
            try document.messages("replies")
                == Dictionary(uniqueKeysWithValues: replies + [("malformed.reply", CommandType.malformedReply)])
        )
    }

    @Test("it has every event, and the notification, and no others")
    func events() throws {
        #expect(
            try document.messages("events")
                == Dictionary(uniqueKeysWithValues: EventType.all.map { ($0.name, $0.rawValue) })
        )
        #expect(Array(try document.messages("notifications").values) == [NotificationType.deliver])
    }

    @Test("its lists of words are those of the code")
    func words() throws {
        #expect(try document.choices("Code") == Rejection.Code.all.map(\.rawValue))
        #expect(try document.choices("Purpose") == PurposeName.allCases.map(\.rawValue))
        #expect(try document.choices("Purpose") == Purpose.allCases.map(\.rawValue))
        #expect(try document.choices("Kind") == TokenKind.allCases.map(\.rawValue))
        #expect(Set(try document.choices("Channel")) == Set(Channel.allCases.map(\.rawValue)))
        #expect(try document.choices("Algorithm") == HashAlgorithm.allCases.map(\.rawValue))
        #expect(try document.choices("Status") == ListTokens.statuses)
        #expect(
            try document.choices("Status")
                == TokenStatus.allCases.filter { $0 != .deleted }.map(\.rawValue)
        )
        #expect(try document.choices("Action") == TokenAction.allCases.map(\.rawValue))
        #expect(try document.choices("ObsolescenceReason") == ObsolescenceReason.allCases.map(\.rawValue))
        #expect(
            try document.members("ChallengeStanding")["state"]?["enum"] as? [String]
                == ChallengeState.allCases.map(\.rawValue)
        )
        #expect(
            try document.members("Policy")["notices"].flatMap { $0["items"] as? [String: [String]] }?["enum"]
                == TypePolicy.Notice.allCases.map(\.rawValue)
        )
    }

    @Test("it has every header, and each where it belongs")
    func headers() throws {
        let dead = Header.allCases.filter { $0.name.hasPrefix(Header.deadLetterPrefix) }
        #expect(Set(try document.members("DeadLetterHeaders").keys) == Set(dead.map(\.name)))
        let ofCommands = Header.allCases.filter { !dead.contains($0) && $0 != .causationID }
        #expect(Set(try document.members("CommandHeaders").keys) == Set(ofCommands.map(\.name)))
        for schema in ["ReplyHeaders", "EventHeaders", "NotificationHeaders"] {
            let names = try document.members(schema).keys
            #expect(Set(names).isSubset(of: Header.allCases.map(\.name)), "\(schema)")
            #expect(names.contains(Header.causationID.name), "\(schema)")
        }
    }

    @Test("a command's required fields are required by the code, and the others are not")
    func requiredFields() throws {
        for (type, read) in Self.readers {
            let channel = type.topic == .enrollment ? "commands.enrollment" : "commands.verification"
            let name = try document.schemaName(of: document.payload(channel, type.name))
            let required = try document.schema(name)["required"] as? [String] ?? []
            var data = JSONObject()
            for member in required { data.append(member, Self.samples[member] ?? .string("x")) }
            #expect(read(data) == nil, "\(type.name)")
            for member in required {
                var incomplete = JSONObject()
                for other in data where other.name != member { incomplete.append(other.name, other.value) }
                #expect(read(incomplete) == "/\(member)", "\(type.name)")
            }
        }
    }

    @Test("numbers and lengths that a command may have are those of the code")
    func bounds() throws {
        let list = try document.members("ListTokens")["limit"]
        #expect(list?["minimum"] as? Int == Int(ListTokens.limits.lowerBound))
        #expect(list?["maximum"] as? Int == Int(ListTokens.limits.upperBound))
        #expect(list?["default"] as? Int == Int(ListTokens.defaultLimit))
        #expect(try document.members("ImportTokens")["tokens"]?["maxItems"] as? Int == ImportTokens.maximumCount)
        #expect(try document.members("Context")["reference"]?["maxLength"] as? Int == Approval.longestReference)
        #expect(try document.members("Context")["text"]?["maxLength"] as? Int == Approval.longestText)
    }
}

extension AsyncAPIDocument {
    fileprivate func members(of payload: [String: Any]) throws -> [String: Any] { try schema(schemaName(of: payload)) }
}

extension AsyncAPITests {
    /// Reads data as a command's; the pointer of the field that refuses them. A new command is missing here until its
    /// data are described.
    private static let readers: [(CommandType, @Sendable (JSONObject) -> String?)] = [
        (.enrollToken, refusal(EnrollToken.self)), (.provisionToken, refusal(ProvisionToken.self)),
        (.editToken, refusal(EditToken.self)), (.enableToken, refusal(SetTokenStatus.self)),
        (.disableToken, refusal(SetTokenStatus.self)), (.deleteToken, refusal(SetTokenStatus.self)),
        (.unassignToken, refusal(SetHardwareStatus.self)), (.compromiseToken, refusal(SetHardwareStatus.self)),
        (.viewToken, refusal(ViewToken.self)), (.listTokens, refusal(ListTokens.self)),
        (.importTokens, refusal(ImportTokens.self)), (.defineTokenType, refusal(DefineTokenType.self)),
        (.editTokenType, refusal(EditTokenType.self)), (.retireTokenType, refusal(RetireTokenType.self)),
        (.listTokenTypes, refusal(ListTokenTypes.self)), (.requestOTP, refusal(RequestOTP.self)),
        (.verifyOTP, refusal(VerifyOTP.self)), (.cancelOTP, refusal(CancelOTP.self)),
        (.otpStatus, refusal(OTPStatus.self)), (.resetToken, refusal(ResetToken.self)),
        (.unlockToken, refusal(SetTokenStatus.self)), (.unlockUser, refusal(UnlockUser.self)),
    ]

    @Test("no command's data are forgotten")
    func completeness() {
        #expect(Self.readers.map(\.0) == CommandType.all)
    }

    /// Values for fields where not any text will do.
    private static let samples: [String: JSONValue] = [
        "tokenId": .string("0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"),
        "challengeId": .string("0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"),
        "purpose": .string("login"), "kind": .string("sms"), "tokens": .array([]),
    ]

    private static func refusal<Content: CommandContent>(_ type: Content.Type) -> @Sendable (JSONObject) -> String? {
        { data in
            do throws(FieldError) {
                _ = try Content(FieldReader(data))
                return nil
            } catch {
                return error.pointer
            }
        }
    }
}
