extension TextLanguage {
    static let french = TextLanguage(
        tag: "fr",
        otp: Text(
            sms: "{{otp}} est votre code. Il est valable {{minutes}} minutes. Ne le donnez à personne.",
            subject: "Votre code",
            email: """
                Votre code est

                    {{otp}}

                Il est valable {{minutes}} minutes. Ne le donnez à personne ; aucun de nos collaborateurs ne vous le demandera.
                Si vous n'avez pas demandé de code, quelqu'un connaît peut-être votre mot de passe : changez-le.

                """
        ),
        approval: Text(
            sms:
                "{{otp}} confirme : {{text}}\nValable {{minutes}} minutes. Si vous n'en savez rien, ne l'utilisez pas.",
            subject: "Un code pour votre confirmation",
            email: """
                Il vous est demandé de confirmer :

                    {{text}}

                Si c'est bien ce que vous voulez, votre code est

                    {{otp}}

                Il est valable {{minutes}} minutes. Si vous n'en savez rien, ne l'utilisez pas et avertissez votre assistance.

                """
        ),
        notices: [
            "expiring": "expire dans {{daysLeft}} jour(s). Veuillez le faire renouveler.",
            "notice.enrolled": "a été ajouté à votre compte.",
            "notice.edited": "a été modifié.",
            "notice.contact": "obtient désormais ses codes à une autre adresse ou à un autre numéro.",
            "notice.disabled": "a été désactivé.",
            "notice.enabled": "a été réactivé.",
            "notice.deleted": "a été retiré de votre compte.",
            "notice.reset": "a été resynchronisé.",
            "notice.locked": "a été bloqué après plusieurs codes erronés.",
            "notice.unlocked": "a été débloqué.",
            "notice.expiring": "va expirer. Veuillez le faire renouveler.",
            nil: "a été modifié.",
        ],
        noticeSMS: "Votre second facteur {{typeName}} {{maskedDevice}} {{notice}} Pas vous ? Appelez votre assistance.",
        noticeEmail: """
            Votre second facteur {{typeName}} {{maskedDevice}} {{notice}}

            Si ce n'était pas vous, avertissez immédiatement votre assistance.

            """,
        noticeSubject: "Votre second facteur a été modifié",
        expiringSubject: "Votre second facteur expire"
    )
}
