import Contract
import TokenCore

@testable import Verifier

/// `otp.verify`, told by the model.
extension Play {
    /// A place where a value can fit.
    enum Place: Equatable {
        case challenge(Int)
        case device(Int, Int64)
        case code(Int, String)
    }

    /// What the contract says of one attempt.
    struct Verdict {
        /// Refusals that the contract gives a reason for; empty: `ok`.
        var refused: Set<String> = []
        var fits: [Place] = []
        /// What a wrong value counts for.
        var countedToken: Int?
        var countedChallenges: [Int] = []
        /// Nothing else was there to try the value on.
        var isOfChallenges = false
    }

    struct Attempt {
        let user: Int
        let token: Int?
        let challenge: Int?
        let value: String
        let purpose: Use
        let bound: Int?
    }

    mutating func verify(_ number: Int?, _ naming: Naming, _ value: Value, _ use: Use?, context: Int?) throws {
        let (token, challenge) = places(naming)
        let source = self.source(value)
        let meant = (challenge ?? source.challenge).map { model.challenges[$0] }
        let user = number.map(user) ?? meant?.user ?? holder(of: token ?? source.token)
        let purpose = use ?? meant?.purpose ?? fitting(token ?? source.token)
        let context = (context ?? meant?.context ?? 0) % 2
        let attempt = Attempt(
            user: user,
            token: token,
            challenge: challenge,
            value: text(value),
            purpose: purpose,
            bound: purpose == .approval ? context : nil
        )
        var data: JSONObject = ["otp": .string(attempt.value), "purpose": .string(purpose.name)]
        if purpose == .approval { data.append("context", Use.context(context)) }
        if let token { data.append("tokenId", .string(model.tokens[token].id.description)) }
        if let challenge { data.append("challengeId", .string(model.challenges[challenge].id)) }

        let verdict = judge(attempt)
        let answer = try send(VerifyOTPHandler(), data, on: key(of: user))
        try expect(answer, verdict.refused)
        guard answer.isOK else { return try refuse(answer, verdict, user) }
        try accept(answer, verdict, purpose)
    }

    private func places(_ naming: Naming) -> (token: Int?, challenge: Int?) {
        func token(_ number: Int) -> Int? { model.tokens.isEmpty ? nil : number % model.tokens.count }
        func challenge(_ number: Int) -> Int? { model.challenges.isEmpty ? nil : number % model.challenges.count }
        switch naming {
        case .nothing: return (nil, nil)
        case .token(let number): return (token(number), nil)
        case .challenge(let number): return (nil, challenge(number))
        case .both(let first, let second): return (token(first), challenge(second))
        }
    }

    /// Whose value it is.
    private func source(_ value: Value) -> (token: Int?, challenge: Int?) {
        switch value {
        case .sent(let number), .replaced(let number): (nil, places(.challenge(number)).challenge)
        case .shown(let number, _): (places(.token(number)).token, nil)
        case .code(let number, _):
            (recoveryTokens.isEmpty ? nil : Palette.pick(recoveryTokens, number), nil)
        case .wrong, .noDigits: (nil, nil)
        }
    }

    private var recoveryTokens: [Int] { model.tokens.indices.filter { model.tokens[$0].kind == .recovery } }

    private func text(_ value: Value) -> String {
        switch value {
        case .sent(let number):
            model.challenges.isEmpty ? "" : Palette.pick(model.challenges, number).value
        case .replaced(let number):
            model.challenges.isEmpty ? "" : Palette.pick(model.challenges, number).replaced.last ?? "x"
        case .shown(let number, let ahead):
            model.tokens.isEmpty ? "" : shown(Palette.pick(model.tokens, number), ahead)
        case .code(let number, let which):
            code(number, which)
        case .wrong: "123456"
        case .noDigits: "12a456"
        }
    }

    private func shown(_ token: ModelToken, _ ahead: Int) -> String {
        token.oath.map { $0.shown(max(0, $0.position(model.now) + Int64(ahead))) } ?? "000000"
    }

    private func code(_ number: Int, _ which: Int) -> String {
        guard !recoveryTokens.isEmpty else { return "0000000000" }
        let token = model.tokens[Palette.pick(recoveryTokens, number)]
        return token.codes.isEmpty ? "0000000000" : Palette.pick(token.codes, which)
    }

    private mutating func refuse(_ answer: Answer, _ verdict: Verdict, _ user: Int) throws {
        if answer.word == "forbidden" { return try expect(answer, events: []) }
        var counted = Model.Counted()
        if ["otp_mismatch", "purpose_mismatch", "context_mismatch"].contains(answer.word) {
            counted = model.count(
                user,
                token: verdict.countedToken,
                challenges: verdict.countedChallenges,
                isOfChallenges: verdict.isOfChallenges
            )
            let left = answer.rejection?.details.attemptsLeft
            try expect(left == counted.attemptsLeft, "attemptsLeft \(left ?? -1), expected \(counted.attemptsLeft)")
            let isLocked = answer.rejection?.details.lockedUntil != nil
            let isExpected = counted.lockedUser || counted.lockedTokens > 0
            try expect(isLocked == isExpected, "lockedUntil, expected \(isExpected)")
        } else {
            try expect(answer.rejection?.details.attemptsLeft == nil, "\(answer.word) counted")
        }
        try expect(answer, events: ["otp.rejected"] + locks(counted))
    }

    /// Credited to the first in the order of challenges, TOTP, HOTP, recovery; spent for all.
    private mutating func accept(_ answer: Answer, _ verdict: Verdict, _ purpose: Use) throws {
        let ranks = verdict.fits.map(rank)
        let first = ranks.min()
        let id = answer.result?.text("tokenId").flatMap { TokenID($0) }
        let credited = zip(verdict.fits, ranks).first { place, rank in
            rank == first && model.tokens[token(of: place)].id == id
        }
        guard let place = credited?.0 else { throw Mismatch("credited to another token than the first that fits") }
        for fit in verdict.fits {
            switch fit {
            case .challenge(let index): model.challenges[index].state = "used"
            case .device(let index, let factor): model.tokens[index].oath?.accept(factor, model.now)
            case .code(let index, let code): model.tokens[index].codes.removeAll { $0 == code }
            }
        }
        let index = token(of: place)
        model.succeed(index)
        var events = ["otp.verified"]
        if model.tokens[index].status == .pending {
            model.tokens[index].status = .active
            events.append("token.activated")
        }
        if purpose == .contactChange, let address = model.tokens[index].pendingAddress {
            model.tokens[index].address = address
            model.tokens[index].pendingAddress = nil
            model.void(index)
            events.append("token.edited")
        }
        try expect(answer, events: events)
        let expected: JSONValue =
            if case .challenge(let index) = place, let bound = model.challenges[index].context {
                .string("order-\(bound)")
            } else {
                .null
            }
        try expect(answer.result?["boundTo"] == expected, "boundTo")
    }

    private func token(of place: Place) -> Int {
        switch place {
        case .challenge(let index): model.challenges[index].token
        case .device(let index, _), .code(let index, _): index
        }
    }

    private func rank(_ place: Place) -> Int {
        switch place {
        case .challenge: 0
        case .device(let index, _): model.tokens[index].kind == .totp ? 1 : 2
        case .code: 3
        }
    }
}
