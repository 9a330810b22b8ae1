import Testing

/// Sequences that once found something, made short: each stays.
@Suite("A sequence that once failed")
struct KeptSequences {
    static let scripts: [Script] = [
        // `test` was shown for recovery codes that are all used up.
        Script(
            rules: [],
            steps: [
                .enroll(user: 0, kind: .recovery, contact: 0, seed: nil, start: .byType, end: .none),
                .verify(user: nil, .nothing, .code(token: 0, number: 0), purpose: nil, context: nil),
            ]
        ),
        // A device that was not activated in time left its holder's list, but not his record.
        Script(
            rules: [.waitsBriefly],
            steps: [
                .bring(
                    serial: 0,
                    asOther: false,
                    seed: 0,
                    counter: 0,
                    user: 1,
                    start: .onFirstOTP,
                    end: .none,
                    twice: false
                ),
                .wait(125),
                .list(user: 1),
                .scan(user: 1),
                .list(user: nil),
            ]
        ),
        // The model kept the end of a user's token for the next user of a device that was not activated in time.
        Script(
            rules: [.endsLater, .waitsBriefly],
            steps: [
                .bring(
                    serial: 0,
                    asOther: false,
                    seed: 0,
                    counter: 0,
                    user: 0,
                    start: .onFirstOTP,
                    end: .none,
                    twice: false
                ),
                .wait(150),
                .assign(user: 0, serial: 0, asOther: false, proof: nil, start: .byType),
            ]
        ),
        // And the description that it had been given.
        Script(
            rules: [.startsPending, .waitsBriefly],
            steps: [
                .bring(
                    serial: 4,
                    asOther: false,
                    seed: 0,
                    counter: 0,
                    user: nil,
                    start: .byType,
                    end: .none,
                    twice: false
                ),
                .assign(user: 0, serial: 4, asOther: false, proof: nil, start: .byType),
                .edit(Target(token: 0, key: .holder, version: .any), .text),
                .wait(130),
                .assign(user: 0, serial: 4, asOther: false, proof: nil, start: .byType),
            ]
        ),
        // The value that a resend replaced, after its challenge was given up.
        Script(
            rules: [],
            steps: [
                .enroll(user: 0, kind: .totp, contact: 0, seed: nil, start: .byType, end: .none),
                .enroll(user: 0, kind: .sms, contact: 0, seed: nil, start: .onFirstOTP, end: .none),
                .request(user: nil, token: 1, purpose: nil, context: 0),
                .wait(32),
                .request(user: nil, token: 1, purpose: nil, context: 0),
                .cancel(challenge: 0),
                .verify(user: nil, .nothing, .replaced(challenge: 0), purpose: nil, context: nil),
            ]
        ),
    ]

    @Test("is answered as the contract says", arguments: scripts)
    func follows(script: Script) {
        let failure = script.firstMismatch()
        #expect(failure == nil, "\(failure?.mismatch.description ?? "") at step \(failure?.steps ?? 0)")
    }
}
