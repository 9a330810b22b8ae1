extension TextLanguage {
    static let english = TextLanguage(
        tag: "en",
        otp: Text(
            sms: "{{otp}} is your code. It is valid for {{minutes}} minutes. Don't give it to anyone.",
            subject: "Your code",
            email: """
                Your code is

                    {{otp}}

                It is valid for {{minutes}} minutes. Don't give it to anyone; nobody of ours will ask for it.
                If you didn't ask for a code, somebody may know your password: change it.

                """
        ),
        approval: Text(
            sms: "{{otp}} approves: {{text}}\nValid for {{minutes}} minutes. If you don't know of it, don't use it.",
            subject: "A code for your approval",
            email: """
                You are asked to approve:

                    {{text}}

                If that is what you want, your code is

                    {{otp}}

                It is valid for {{minutes}} minutes. If you don't know of it, don't use it, and tell your help desk.

                """
        ),
        notices: [
            "expiring": "expires in {{daysLeft}} day(s). Please have it renewed.",
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
            nil: "was changed.",
        ],
        noticeSMS: "Your second factor {{typeName}} {{maskedDevice}} {{notice}} Not you? Call your help desk.",
        noticeEmail: """
            Your second factor {{typeName}} {{maskedDevice}} {{notice}}

            If that wasn't you, tell your help desk at once.

            """,
        noticeSubject: "Your second factor was changed",
        expiringSubject: "Your second factor expires"
    )
}
