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
        )
    ]

    @Test("is answered as the contract says", arguments: scripts)
    func follows(script: Script) {
        let failure = script.firstMismatch()
        #expect(failure == nil, "\(failure?.mismatch.description ?? "") at step \(failure?.steps ?? 0)")
    }
}
