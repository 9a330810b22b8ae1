/// What an OTP is asked for (section 5), as the wire spells it.
package enum PurposeName: String, Sendable, CaseIterable {
    case login
    case approval
    case test
    case enrollment
    case contactChange = "contact-change"
    case helpdesk
}
