/// A command's type (section 4), such as `usertokens.token.enroll.v1`.
///
/// Any text can be one, since a sender may write any; those of the contract are members.
package struct CommandType: RawRepresentable, Hashable, Sendable {
    /// The type as it stands in `ce_type`.
    package let rawValue: String

    /// Takes any text as it is.
    package init(rawValue: String) { self.rawValue = rawValue }

    private init(name: String) { rawValue = TypeName.full(name) }

    package static let enrollToken = CommandType(name: "token.enroll")
    package static let provisionToken = CommandType(name: "token.provision")
    package static let editToken = CommandType(name: "token.edit")
    package static let enableToken = CommandType(name: "token.enable")
    package static let disableToken = CommandType(name: "token.disable")
    package static let deleteToken = CommandType(name: "token.delete")
    package static let unassignToken = CommandType(name: "token.unassign")
    package static let compromiseToken = CommandType(name: "token.compromise")
    package static let viewToken = CommandType(name: "token.view")
    package static let listTokens = CommandType(name: "token.list")
    package static let importTokens = CommandType(name: "token.import")
    package static let defineTokenType = CommandType(name: "tokentype.define")
    package static let editTokenType = CommandType(name: "tokentype.edit")
    package static let retireTokenType = CommandType(name: "tokentype.retire")
    package static let listTokenTypes = CommandType(name: "tokentype.list")

    package static let requestOTP = CommandType(name: "otp.request")
    package static let verifyOTP = CommandType(name: "otp.verify")
    package static let cancelOTP = CommandType(name: "otp.cancel")
    package static let otpStatus = CommandType(name: "otp.status")
    package static let resetToken = CommandType(name: "token.reset")
    package static let unlockToken = CommandType(name: "token.unlock")
    package static let unlockUser = CommandType(name: "user.unlock")

    /// The commands read from `tokens.commands.enrollment`.
    package static let enrollment: [CommandType] = [
        .enrollToken, .provisionToken, .editToken, .enableToken, .disableToken, .deleteToken, .unassignToken,
        .compromiseToken, .viewToken, .listTokens, .importTokens, .defineTokenType, .editTokenType, .retireTokenType,
        .listTokenTypes,
    ]

    /// The commands read from `tokens.commands.verification`.
    package static let verification: [CommandType] = [
        .requestOTP, .verifyOTP, .cancelOTP, .otpStatus, .resetToken, .unlockToken, .unlockUser,
    ]

    /// Every command of the contract.
    package static let all: [CommandType] = enrollment + verification

    /// Whether the command's data say why: member `reason`, for audit and events.
    package var hasReason: Bool { Self.reasoned.contains(self) }

    private static let reasoned: Set<CommandType> = [
        .enableToken, .disableToken, .deleteToken, .unassignToken, .compromiseToken, .unlockToken, .unlockUser,
    ]

    /// The topic that this command belongs to; nil for a type that the contract does not know.
    package var topic: CommandTopic? { Self.topics[self] }

    /// Without prefix and version, as the contract's tables and the privileges spell it: `token.enroll`.
    package var name: String { Self.names[self] ?? TypeName.short(rawValue) }

    /// The type of this command's reply (section 3).
    package var reply: String { rawValue + TypeName.replySuffix }

    /// The type of a reply to a record whose own type could not be read (section 3).
    package static let malformedReply = TypeName.full("malformed") + TypeName.replySuffix

    private static let names: [CommandType: String] = Dictionary(
        uniqueKeysWithValues: all.map { ($0, TypeName.short($0.rawValue)) }
    )

    private static let topics: [CommandType: CommandTopic] = Dictionary(
        uniqueKeysWithValues: enrollment.map { ($0, .enrollment) } + verification.map { ($0, .verification) }
    )
}

/// How all types of messages are built: `usertokens.` … `.v1`.
enum TypeName {
    static let replySuffix = ".reply"
    private static let prefix = "usertokens."
    private static let suffix = ".v1"

    static func full(_ name: String) -> String { prefix + name + suffix }

    static func short(_ type: String) -> String {
        guard type.hasPrefix(prefix), type.hasSuffix(suffix), type.utf8.count > prefix.utf8.count + suffix.utf8.count
        else {
            return type
        }
        return String(type.dropFirst(prefix.count).dropLast(suffix.count))
    }
}
