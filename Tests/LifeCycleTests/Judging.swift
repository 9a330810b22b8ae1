import TokenCore

/// Whether a value is right, by contract sections 5 and 7.
extension Play {
    func judge(_ attempt: Attempt) -> Verdict {
        if let token = attempt.token {
            let found = model.tokens[token]
            if found.isDeleted || found.holder != attempt.user {
                return Verdict(refused: attempt.challenge == nil ? ["token_not_found"] : Self.neither)
            }
        }
        if let challenge = attempt.challenge { return judge(attempt, challenge) }
        return attempt.token.map { judge(attempt, token: $0) } ?? judgeAll(attempt)
    }

    private static let neither: Set<String> = ["token_not_found", "challenge_not_found"]

    /// With `challengeId` that one.
    private func judge(_ attempt: Attempt, _ index: Int) -> Verdict {
        let challenge = model.challenges[index]
        guard challenge.user == attempt.user, attempt.token == nil || attempt.token == challenge.token else {
            return Verdict(refused: ["challenge_not_found"])
        }
        var refused: Set<String> = []
        let token = model.tokens[challenge.token]
        if model.isUserLocked(attempt.user) || token.holder == attempt.user && token.lock.isOn(model.now) {
            refused.insert("locked")
        }
        let state = model.state(challenge)
        if state != "open" { refused.insert("challenge_\(state)") }
        // The end and the status both end it: which is told is open.
        if challenge.state == "open", state == "void", challenge.end <= model.now {
            refused.insert("challenge_expired")
        }
        guard refused.isEmpty else { return Verdict(refused: refused) }

        var verdict = Verdict(countedChallenges: [index], isOfChallenges: true)
        if challenge.purpose != attempt.purpose { verdict.refused.insert("purpose_mismatch") }
        if challenge.context != attempt.bound, challenge.context != nil {
            verdict.refused.insert("context_mismatch")
        }
        guard verdict.refused.isEmpty else { return verdict }
        if challenge.value == attempt.value {
            verdict.fits = [.challenge(index)]
        } else {
            verdict.refused = [challenge.replaced.contains(attempt.value) ? "challenge_superseded" : "otp_mismatch"]
        }
        return verdict
    }

    /// With `tokenId` that token: its open challenges of the purpose, and its own values.
    private func judge(_ attempt: Attempt, token index: Int) -> Verdict {
        let token = model.tokens[index]
        var refused: Set<String> = []
        if !model.admits(token, attempt.purpose) { refused.insert("wrong_status") }
        if model.isLocked(token) { refused.insert("locked") }
        refused.formUnion(policyRefusals(token, attempt.purpose))
        guard refused.isEmpty else { return Verdict(refused: refused) }
        let open = model.open(attempt.user, attempt.purpose).filter { model.challenges[$0].token == index }
        let own = token.holdsValues && attempt.purpose != .contactChange ? [index] : []
        var verdict = judge(attempt, challenges: open, tokens: own)
        verdict.countedToken = index
        verdict.countedChallenges = []
        return verdict
    }

    /// Without a name: the user's open challenges of that purpose, then TOTP, HOTP, recovery.
    private func judgeAll(_ attempt: Attempt) -> Verdict {
        let admitted = model.held(by: attempt.user).filter { model.admits(model.tokens[$0], attempt.purpose) }
        if admitted.isEmpty { return Verdict(refused: ["no_active_token"]) }
        if model.isUserLocked(attempt.user) { return Verdict(refused: ["locked"]) }
        func isFree(_ index: Int) -> Bool { !model.tokens[index].lock.isOn(model.now) }
        let open = model.open(attempt.user, attempt.purpose).filter { isFree(model.challenges[$0].token) }
        let holding = attempt.purpose == .contactChange ? [] : admitted.filter { model.tokens[$0].holdsValues }
        let refused = holding.reduce(into: Set<String>()) {
            $0.formUnion(policyRefusals(model.tokens[$1], attempt.purpose))
        }
        let usable = holding.filter { isFree($0) && policyRefusals(model.tokens[$0], attempt.purpose).isEmpty }
        guard !open.isEmpty || !usable.isEmpty else {
            // Nothing to try: that all are locked, or that a policy forbids what there is, may be told.
            let locked: Set<String> = admitted.contains { !isFree($0) } ? ["locked"] : []
            let isAllLocked = !admitted.contains(where: isFree)
            return Verdict(refused: isAllLocked ? locked : refused.union(locked).union(noChallenge(attempt)))
        }
        return judge(attempt, challenges: open, tokens: usable)
    }

    private func policyRefusals(_ token: ModelToken, _ purpose: Use) -> Set<String> {
        let permits = model.policy(token).permits
        if purpose == .test, !permits.testable { return ["forbidden"] }
        if purpose == .approval, permits.requireBinding, token.holdsValues { return ["binding_required"] }
        return []
    }

    private func judge(_ attempt: Attempt, challenges: [Int], tokens: [Int]) -> Verdict {
        guard !challenges.isEmpty || !tokens.isEmpty else { return Verdict(refused: noChallenge(attempt)) }
        var verdict = Verdict(countedChallenges: challenges, isOfChallenges: tokens.isEmpty)
        var told: Set<String> = []
        var counting: Set<String> = ["otp_mismatch"]
        for index in challenges {
            let challenge = model.challenges[index]
            if challenge.value == attempt.value {
                if challenge.context == attempt.bound { verdict.fits.append(.challenge(index)) }
                if challenge.context != attempt.bound { counting = ["context_mismatch"] }
            }
            if challenge.replaced.contains(attempt.value) { told.insert("challenge_superseded") }
        }
        for index in tokens {
            let token = model.tokens[index]
            if token.codes.contains(attempt.value) { verdict.fits.append(.code(index, attempt.value)) }
            guard let device = token.oath else { continue }
            switch device.find(attempt.value, model.policy(token).otp, model.now) {
            case .fits(let factor): verdict.fits.append(.device(index, factor))
            case .replayed: told.insert("otp_replayed")
            case .replayedPerhaps: told.formUnion(["otp_replayed", "otp_mismatch"])
            case .wrong: break
            }
        }
        guard verdict.fits.isEmpty else { return verdict }
        if told.isEmpty, !spent(attempt).isEmpty { told = spent(attempt) }
        verdict.refused = told.isEmpty ? counting : told
        return verdict
    }

    /// Nothing is there to try the value on; one that was good once may be told from one that never was.
    private func noChallenge(_ attempt: Attempt) -> Set<String> { spent(attempt).union(["challenge_not_found"]) }

    /// What may be told of a value that was sent for the purpose and is good no more: what became of its challenge, or
    /// that it is wrong.
    private func spent(_ attempt: Attempt) -> Set<String> {
        var codes: Set<String> = []
        for challenge in model.challenges where challenge.user == attempt.user && challenge.purpose == attempt.purpose {
            let state = model.state(challenge)
            guard attempt.token == nil || attempt.token == challenge.token, state != "open" else { continue }
            guard ([challenge.value] + challenge.replaced).contains(attempt.value) else { continue }
            codes.formUnion(["challenge_\(state)", "challenge_superseded", "otp_mismatch"])
        }
        return codes
    }
}
