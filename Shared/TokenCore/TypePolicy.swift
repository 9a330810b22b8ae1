/// The rules of a token type, as its administrator set them; bounds are in ``TypePolicy/Bounds``.
///
/// All durations are whole seconds.
package struct TypePolicy: Equatable, Sendable {
    package var otp = OTPRules()
    package var challenge = ChallengeRules()
    package var lockout = LockoutRules()
    package var life = LifeRules()
    package var permits = Permissions()

    package init() {}

    /// How values are computed and searched (RFC 4226 §5, RFC 6238 §4).
    package struct OTPRules: Equatable, Sendable {
        package var digits = 6
        package var algorithm = HashAlgorithm.sha1
        package var period = 30
        /// Steps accepted on either side of now plus drift.
        package var window = 1
        /// Counters accepted after the expected one.
        package var lookAhead = 10
        package var resetWindow = 1_000
    }

    /// How a delivered OTP lives.
    package struct ChallengeRules: Equatable, Sendable {
        package var timeToLive = 300
        package var maxAttempts = 5
        package var resendAfter = 30
        package var maxSends = 5
    }

    /// When failures lock (NIST SP 800-63B §5.2.2).
    package struct LockoutRules: Equatable, Sendable {
        package var maxFailures = 5
        package var userMaxFailures = 10
        /// Lengths of the first, second, … lock; the last one repeats.
        package var lockSeconds = [60, 300, 900, 3_600]
        /// After so many failures without a success the lock has no end.
        package var maxConsecutiveFailures = 100
    }

    /// Ends, limits and what the user is told.
    package struct LifeRules: Equatable, Sendable {
        package var pendingTimeToLive = 7 * 86_400
        package var maxPerUser = 10
        /// Nil: the default of the kind.
        package var activate: Activation?
        package var lifetime: Int?
        package var expiryNotices = [30, 7, 1]
        package var notices: Set<Notice> = []
        package var contactChange = ContactChange.immediate
    }

    /// What operators and users may do with tokens of the type.
    package struct Permissions: Equatable, Sendable {
        package var editable = true
        package var testable = true
        package var enrollable = true
        package var requireActiveToken = false
        package var requireBinding = false
    }

    package enum Activation: String, Sendable {
        case now
        case onFirstOTP = "on-first-otp"
    }

    package enum ContactChange: String, Sendable {
        case immediate
        case verify
    }

    /// Changes that the user can be told of.
    package enum Notice: String, Sendable, CaseIterable {
        case enrolled
        case edited
        case disabled
        case deleted
        case reset
        case locked
        case unlocked
        case expiring
    }

    /// Inclusive bounds of each field (contract section 5).
    package enum Bounds {
        package static let oathDigits = 6...8
        package static let challengeDigits = 6...10
        package static let periods = [30, 60]
        package static let window = 0...10
        package static let lookAhead = 1...100
        package static let resetWindow = 10...10_000
        package static let challengeTimeToLive = 60...600
        package static let maxAttempts = 1...10
        package static let resendAfter = 10...300
        package static let maxSends = 1...10
        package static let maxFailures = 3...20
        package static let userMaxFailures = 3...50
        package static let lockSecondsCount = 1...10
        package static let lockSeconds = 1...86_400
        package static let maxConsecutiveFailures = 10...1_000
        package static let pendingTimeToLive = 60...(365 * 86_400)
        package static let maxPerUser = 1...50
        package static let expiryNoticesCount = 0...10
        package static let expiryNoticeDays = 1...365
        package static let lifetime = 60...(3_650 * 86_400)
    }
}
