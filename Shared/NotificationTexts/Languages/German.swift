extension TextLanguage {
    static let german = TextLanguage(
        tag: "de",
        otp: Text(
            sms: "{{otp}} ist Ihr Code. Er gilt {{minutes}} Minuten. Geben Sie ihn niemandem.",
            subject: "Ihr Code",
            email: """
                Ihr Code lautet

                    {{otp}}

                Er gilt {{minutes}} Minuten. Geben Sie ihn niemandem; von uns wird Sie niemand danach fragen.
                Falls Sie keinen Code angefordert haben, kennt vielleicht jemand Ihr Passwort: Ändern Sie es.

                """
        ),
        approval: Text(
            sms:
                "{{otp}} bestätigt: {{text}}\nGilt {{minutes}} Minuten. Wenn Sie nichts davon wissen, nicht verwenden.",
            subject: "Ein Code für Ihre Bestätigung",
            email: """
                Sie werden gebeten, Folgendes zu bestätigen:

                    {{text}}

                Wenn Sie das wollen, lautet Ihr Code

                    {{otp}}

                Er gilt {{minutes}} Minuten. Wenn Sie nichts davon wissen, verwenden Sie ihn nicht und melden Sie es Ihrem Helpdesk.

                """
        ),
        notices: [
            "expiring": "läuft in {{daysLeft}} Tag(en) ab. Bitte lassen Sie ihn erneuern.",
            "notice.enrolled": "wurde Ihrem Konto hinzugefügt.",
            "notice.edited": "wurde geändert.",
            "notice.contact": "erhält seine Codes ab jetzt an einer anderen Adresse oder Nummer.",
            "notice.disabled": "wurde ausgeschaltet.",
            "notice.enabled": "wurde wieder eingeschaltet.",
            "notice.deleted": "wurde aus Ihrem Konto entfernt.",
            "notice.reset": "wurde neu synchronisiert.",
            "notice.locked": "wurde nach mehreren falschen Codes gesperrt.",
            "notice.unlocked": "wurde entsperrt.",
            "notice.expiring": "läuft bald ab. Bitte lassen Sie ihn erneuern.",
            nil: "wurde geändert.",
        ],
        noticeSMS:
            "Ihr zweiter Faktor {{typeName}} {{maskedDevice}} {{notice}} Nicht Sie? Rufen Sie Ihren Helpdesk an.",
        noticeEmail: """
            Ihr zweiter Faktor {{typeName}} {{maskedDevice}} {{notice}}

            Wenn Sie das nicht waren, melden Sie es sofort Ihrem Helpdesk.

            """,
        noticeSubject: "Ihr zweiter Faktor wurde geändert",
        expiringSubject: "Ihr zweiter Faktor läuft ab"
    )
}
