extension TextLanguage {
    static let italian = TextLanguage(
        tag: "it",
        otp: Text(
            sms: "{{otp}} è il Suo codice, valido per {{minutes}} minuti. Non lo dia a nessuno.",
            subject: "Il Suo codice",
            email: """
                Il Suo codice è

                    {{otp}}

                È valido per {{minutes}} minuti. Non lo dia a nessuno; nessuno dei nostri collaboratori glielo chiederà.
                Se non ha richiesto alcun codice, qualcuno potrebbe conoscere la Sua password: la cambi.

                """
        ),
        approval: Text(
            sms: "{{otp}} conferma: {{text}}\nValido per {{minutes}} minuti. Se non ne sa nulla, non lo usi.",
            subject: "Un codice per la Sua conferma",
            email: """
                Le viene chiesto di confermare:

                    {{text}}

                Se è ciò che desidera, il Suo codice è

                    {{otp}}

                È valido per {{minutes}} minuti. Se non ne sa nulla, non lo usi e avvisi il Suo helpdesk.

                """
        ),
        notices: [
            "expiring": "scade tra {{daysLeft}} giorno/i. Lo faccia rinnovare.",
            "notice.enrolled": "è stato aggiunto al Suo account.",
            "notice.edited": "è stato modificato.",
            "notice.contact": "riceve d'ora in poi i codici a un altro indirizzo o numero.",
            "notice.disabled": "è stato disattivato.",
            "notice.enabled": "è stato riattivato.",
            "notice.deleted": "è stato rimosso dal Suo account.",
            "notice.reset": "è stato risincronizzato.",
            "notice.locked": "è stato bloccato dopo diversi codici errati.",
            "notice.unlocked": "è stato sbloccato.",
            "notice.expiring": "scade presto. Lo faccia rinnovare.",
            nil: "è stato modificato.",
        ],
        noticeSMS:
            "Il Suo secondo fattore {{typeName}} {{maskedDevice}} {{notice}} Non è stato Lei? Chiami il Suo helpdesk.",
        noticeEmail: """
            Il Suo secondo fattore {{typeName}} {{maskedDevice}} {{notice}}

            Se non è stato Lei, avvisi subito il Suo helpdesk.

            """,
        noticeSubject: "Il Suo secondo fattore è stato modificato",
        expiringSubject: "Il Suo secondo fattore scade"
    )
}
