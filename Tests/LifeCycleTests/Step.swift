/// One thing that happens, as a value: small numbers choose among what there is at that moment, so that a step means
/// something whichever steps before it are left out.
enum Step: Equatable, Sendable {
    case enroll(user: Int, kind: SoftKind, contact: Int, seed: Int?, start: Start, end: End)
    case assign(user: Int, serial: Int, asOther: Bool, proof: Pair?, start: Start)
    case bring(serial: Int, asOther: Bool, seed: Int, counter: Int, user: Int?, start: Start, end: End, twice: Bool)
    case provision(Target)
    case edit(Target, Change)
    case enable(Target)
    case disable(Target)
    case delete(Target)
    case unassign(Target, bySerial: Bool)
    case compromise(Target, bySerial: Bool)
    case view(Target)
    case list(user: Int?)
    /// Where no user or purpose is said: the token's, and one that its status admits.
    case request(user: Int?, token: Int?, purpose: Use?, context: Int)
    /// Where no user, purpose or context is said: those of the challenge, or of the token.
    case verify(user: Int?, Naming, Value, purpose: Use?, context: Int?)
    /// So many wrong values.
    case guess(Naming, times: Int)
    /// So many wrong pairs.
    case fumble(Target, times: Int)
    case cancel(challenge: Int)
    case state(challenge: Int)
    case reset(Target, Pair)
    case unlock(Target)
    case unlockUser(Int)
    case directory(user: Int, phone: Int?, email: Int?, isStale: Bool)
    case tombstone(user: Int)
    case retire(kind: Int)
    case rerule(kind: Int, Change.OfRules)
    /// The expiry scanner comes by a user, or the stock.
    case scan(user: Int?)
    case wait(Int)
}

enum SoftKind: CaseIterable, Sendable { case sms, email, virtual, hotp, totp, recovery }

/// When a token begins to verify: as the type has it, at once, at its first OTP; in an import also DISABLED.
enum Start: CaseIterable, Sendable { case byType, now, onFirstOTP, disabled }

enum End: CaseIterable, Sendable {
    case none, soon, later, past

    /// Seconds from now.
    var seconds: Int64? {
        switch self {
        case .none: nil
        case .soon: 200
        case .later: 9_000
        case .past: -10
        }
    }
}

/// A token by its number in the order of appearance, deleted ones included; the key that the command comes on, and
/// the version that it expects.
struct Target: Equatable, Sendable {
    var token: Int
    var key = Key.holder
    var version = Expected.any

    enum Key: CaseIterable, Sendable { case holder, other, operators }
    enum Expected: CaseIterable, Sendable { case any, right, wrong }
}

enum Change: CaseIterable, Sendable {
    case text, phone, otherPhone, badPhone, email, end, pastEnd, nothing

    /// What an administrator changes of a type.
    enum OfRules: CaseIterable, Sendable { case oneEach, keepOne, letGo, fix, loosen, close, open, narrow, widen }
}

/// Two values for reset or proof of possession, so far ahead of where the device is.
struct Pair: Equatable, Sendable {
    var ahead: Int
    var kind = Kind.right

    enum Kind: CaseIterable, Sendable { case right, swapped, wrong, apart, single }
}

enum Use: CaseIterable, Sendable { case login, approval, test, enrollment, contactChange, helpdesk }

enum Naming: Equatable, Sendable {
    case nothing
    case token(Int)
    case challenge(Int)
    case both(token: Int, challenge: Int)
}

enum Value: Equatable, Sendable {
    case sent(challenge: Int)
    /// The value that a resend replaced.
    case replaced(challenge: Int)
    /// Of the token's device, so far ahead of where it is.
    case shown(token: Int, ahead: Int)
    case code(token: Int, number: Int)
    case wrong
    case noDigits
}

/// How the types are ruled in one run.
enum Rule: CaseIterable, Sendable {
    case keepsOneActive, provesContacts, endsSoon, endsLater, allowsTwo, locksSoon, locksForever
    case startsPending, startsActive, closesSMS, closesHOTPDevices, isFixed, isUntested, needsBinding
    case narrowWindow, wideWindow, eightDigits, sha512, sha256, minuteSteps, waitsBriefly, limitsSending, oneBatch
    case tellsAll
}

/// What happens in one run.
struct Script: Equatable, Sendable {
    var rules: [Rule] = []
    var steps: [Step]
}

extension Script: CustomStringConvertible {
    /// As Swift source, ready to be kept.
    var description: String {
        let rules = rules.map { ".\($0)" }.joined(separator: ", ")
        let steps = steps.map { "            .\(Self.source($0)),\n" }.joined()
        return "    Script(\n        rules: [\(rules)],\n        steps: [\n\(steps)        ]\n    ),"
    }

    /// Swift prints nested values with their types' names before the dot.
    private static func source(_ step: Step) -> String {
        "\(step)".replacing(#/LifeCycleTests\.(?:[A-Za-z]+\.)*(?<name>[a-z][A-Za-z]*)/#) { ".\($0.name)" }
            .replacing("LifeCycleTests.", with: "")
    }
}
