/// The English texts that serve where a site has none of its own. The OTP comes first in an SMS: nothing can push it
/// out, and phones offer it; it is in no subject, which a locked screen shows.
enum BuiltInTexts {
    struct Text: Sendable {
        let sms: String
        let subject: String
        let email: String
    }

    static func text(for template: String) -> Text? {
        switch template {
        case "otp":
            Text(
                sms: "{{otp}} is your code. It is valid for {{minutes}} minutes. Don't give it to anyone.",
                subject: "Your code",
                email: """
                    Your code is

                        {{otp}}

                    It is valid for {{minutes}} minutes. Don't give it to anyone; nobody of ours will ask for it.
                    If you didn't ask for a code, somebody may know your password: change it.

                    """
            )
        case "otp.approval":
            Text(
                sms:
                    "{{otp}} approves: {{text}}\nValid for {{minutes}} minutes. If you don't know of it, don't use it.",
                subject: "A code for your approval",
                email: """
                    You are asked to approve:

                        {{text}}

                    If that is what you want, your code is

                        {{otp}}

                    It is valid for {{minutes}} minutes. If you don't know of it, don't use it, and tell your help desk.

                    """
            )
        case "expiring":
            notice("Your second factor expires", "expires in {{daysLeft}} day(s). Please have it renewed.")
        case _ where template.hasPrefix("notice."):
            notice("Your second factor was changed", notices[template] ?? "was changed.")
        default: nil
        }
    }

    /// What follows the token's name.
    private static let notices = [
        "notice.enrolled": "was added to your account.",
        "notice.edited": "was changed.",
        "notice.contact": "gets its codes at another address or number from now on.",
        "notice.disabled": "was switched off.",
        "notice.enabled": "was switched on again.",
        "notice.deleted": "was removed from your account.",
        "notice.reset": "was synchronised again.",
        "notice.locked": "was locked after several wrong codes.",
        "notice.unlocked": "was unlocked.",
        "notice.expiring": "expires soon. Please have it renewed.",
    ]

    private static func notice(_ subject: String, _ sentence: String) -> Text {
        Text(
            sms: "Your second factor {{typeName}} {{maskedDevice}} \(sentence) Not you? Call your help desk.",
            subject: subject,
            email: """
                Your second factor {{typeName}} {{maskedDevice}} \(sentence)

                If that wasn't you, tell your help desk at once.

                """
        )
    }
}
