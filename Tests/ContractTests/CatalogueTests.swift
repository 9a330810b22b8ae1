import Contract
import Testing

@Suite("Catalogues of names")
struct CatalogueTests {
    @Test("every command of section 4 is there, on its topic")
    func commands() {
        #expect(
            CommandType.enrollment.map(\.rawValue) == [
                "usertokens.token.enroll.v1", "usertokens.token.provision.v1", "usertokens.token.edit.v1",
                "usertokens.token.enable.v1",
                "usertokens.token.disable.v1", "usertokens.token.delete.v1", "usertokens.token.unassign.v1",
                "usertokens.token.compromise.v1", "usertokens.token.view.v1", "usertokens.token.list.v1",
                "usertokens.token.import.v1",
                "usertokens.tokentype.define.v1", "usertokens.tokentype.edit.v1", "usertokens.tokentype.retire.v1",
                "usertokens.tokentype.list.v1",
            ]
        )
        #expect(
            CommandType.verification.map(\.rawValue) == [
                "usertokens.otp.request.v1", "usertokens.otp.verify.v1", "usertokens.otp.cancel.v1",
                "usertokens.otp.status.v1",
                "usertokens.token.reset.v1", "usertokens.token.unlock.v1", "usertokens.user.unlock.v1",
            ]
        )
        #expect(CommandType.enrollToken.topic == .enrollment)
        #expect(CommandType.unlockUser.topic == .verification)
        #expect(CommandType(rawValue: "usertokens.token.enroll.v2").topic == nil)
        #expect(CommandType.enrollToken.name == "token.enroll")
        #expect(CommandType(rawValue: "x").name == "x")
        #expect(CommandType.verifyOTP.reply == "usertokens.otp.verify.v1.reply")
    }

    @Test("every event of section 8 is there, once")
    func events() {
        #expect(EventType.all.count == 29)
        #expect(Set(EventType.all).count == 29)
        #expect(EventType.all.first?.rawValue == "usertokens.token.enrolled.v1")
        #expect(EventType.auditCheckpoint.name == "audit.checkpoint")
        #expect(NotificationType.deliver == "usertokens.notification.deliver.v1")
    }

    @Test("topics are named from the prefix")
    func topics() {
        let topics = Topics(prefix: "acme-")
        #expect(
            topics.all == [
                "acme-commands.enrollment", "acme-commands.verification", "acme-users", "acme-notifications",
                "acme-replies", "acme-events",
            ]
        )
        #expect(topics.dlq(of: topics.users) == "acme-users.dlq")
        #expect(topics.name(of: .verification) == "acme-commands.verification")
        #expect(Topics().replies == "tokens.replies")
    }

    @Test("headers are found by their names in any case, of ASCII alone")
    func headers() {
        for header in Header.allCases {
            #expect(Header(named: header.name.uppercased()) == header)
            if let attribute = header.attribute { #expect(Header(attribute: attribute) == header) }
        }
        #expect(Header(named: "\u{212A}afka_correlationId") == nil)
        #expect(Header(attribute: "ID") == nil)
        #expect(Header.replyTo.field == "replyto")
        #expect(Header.tenant.field == "ce_tenant")
    }

    @Test(
        "replies go to the default topics and no others",
        arguments: [
            ("tokens.replies", true), ("tokens.replies.iam", true), ("tokens.replies.A-b_c.9", true),
            ("tokens.replies.", false),
            ("tokens.repliesx", false), ("xtokens.replies", false), ("tokens.replies.a b", false),
            ("tokens.replies.ä", false),
            ("tokens.commands.enrollment", false), ("tokens.replies.dlq", false), ("tokens.replies.x.dlq", false),
            ("tokens.replies.commands.enrollment", false), ("tokens.events", false), ("tokens.users", false),
            ("", false), (".", false),
            ("tokens.replies." + String(repeating: "a", count: 234), true),
            ("tokens.replies." + String(repeating: "a", count: 235), false),
            ("tokens.replies\n", false), ("TOKENS.REPLIES", false), ("tokens.replies.\u{0}", false),
            ("tokens.replies.*", false),
        ]
    )
    func defaultReplyTopics(topic: String, isAllowed: Bool) {
        #expect(ReplyTopicRule(topics: Topics()).allows(topic) == isAllowed)
    }

    @Test("an allow-list of one's own takes names and beginnings")
    func replyTopics() throws {
        let rule = try ReplyTopicRule("iam.answers, other.*", topics: Topics(prefix: "t."))
        #expect(rule.allows("iam.answers"))
        #expect(rule.allows("other.x"))
        #expect(!rule.allows("iam.answers.x"))
        #expect(!rule.allows("other."))
        #expect(!rule.allows("t.replies"))
        let anything = try ReplyTopicRule("*", topics: Topics(prefix: "t."))
        #expect(anything.allows("x"))
        for topic in [
            "t.commands.enrollment", "t.commands.x", "tokens.commands.verification", "x.dlq", "__consumer_offsets",
            "t.users",
            "t.notifications", "t.events",
        ] {
            #expect(!anything.allows(topic), "\(topic)")
        }
        for wrong in ["", "a,,b", "a,", "a**", "*a", "a b", "a!", "ä", "a.*.b", ".", "a/b"] {
            #expect(throws: ReplyTopicRule.InvalidPattern.self, "\(wrong)") {
                try ReplyTopicRule(wrong, topics: Topics())
            }
        }
    }
}
