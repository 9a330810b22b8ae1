/// The texts that serve in one language where a site has none of its own.
///
/// The OTP comes first in an SMS: nothing can push it out, and telephones offer it; it is in no subject, which a locked
/// screen shows. An indented line of a mail is shown large in its HTML form.
struct TextLanguage: Sendable {
    struct Text: Equatable, Sendable {
        let sms: String
        let subject: String
        let email: String
    }

    /// BCP 47, in small letters.
    let tag: String
    let otp: Text
    let approval: Text
    /// What is said of a token, by the template; `nil` stands for any other change.
    let notices: [String?: String]
    /// `{{notice}}` is replaced by the sentence.
    let noticeSMS: String
    let noticeEmail: String
    let noticeSubject: String
    let expiringSubject: String

    /// nil for an unknown template.
    func text(for template: String) -> Text? {
        switch template {
        case "otp": otp
        case "otp.approval": approval
        case "expiring": notice(template, expiringSubject)
        case "notice.expiring": notice(template, expiringSubject)
        case _ where template.hasPrefix("notice."): notice(template, noticeSubject)
        default: nil
        }
    }

    private func notice(_ template: String, _ subject: String) -> Text {
        let sentence = notices[template] ?? notices[nil] ?? ""
        return Text(
            sms: noticeSMS.replacing("{{notice}}", with: sentence),
            subject: subject,
            email: noticeEmail.replacing("{{notice}}", with: sentence)
        )
    }

    static let all = [english, german, french, italian]
}
