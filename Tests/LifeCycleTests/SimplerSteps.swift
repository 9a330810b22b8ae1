/// Simpler variants of a step: each has one parameter less, or a smaller one, so that making simpler comes to an end.
extension Step {
    var simpler: [Step] {
        switch self {
        case .enroll(let user, let kind, let contact, let seed, let start, let end):
            users(user).map { .enroll(user: $0, kind: kind, contact: contact, seed: seed, start: start, end: end) }
                + numbers(contact).map {
                    .enroll(user: user, kind: kind, contact: $0, seed: seed, start: start, end: end)
                }
                + options(seed).map {
                    .enroll(user: user, kind: kind, contact: contact, seed: $0, start: start, end: end)
                }
                + (start == .byType
                    ? [] : [.enroll(user: user, kind: kind, contact: contact, seed: seed, start: .byType, end: end)])
                + (end == .none
                    ? [] : [.enroll(user: user, kind: kind, contact: contact, seed: seed, start: start, end: .none)])
        case .assign(let user, let serial, let asOther, let proof, let start):
            users(user).map { .assign(user: $0, serial: serial, asOther: asOther, proof: proof, start: start) }
                + numbers(serial).map { .assign(user: user, serial: $0, asOther: asOther, proof: proof, start: start) }
                + (proof == nil
                    ? [] : [.assign(user: user, serial: serial, asOther: asOther, proof: nil, start: start)])
                + (start == .byType
                    ? [] : [.assign(user: user, serial: serial, asOther: asOther, proof: proof, start: .byType)])
        case .bring: simplerDelivery
        case .provision(let target): targets(target).map { .provision($0) }
        case .edit(let target, let change): targets(target).map { .edit($0, change) }
        case .enable(let target): targets(target).map { .enable($0) }
        case .disable(let target): targets(target).map { .disable($0) }
        case .delete(let target): targets(target).map { .delete($0) }
        case .unassign(let target, let bySerial):
            targets(target).map { .unassign($0, bySerial: bySerial) }
                + (bySerial ? [.unassign(target, bySerial: false)] : [])
        case .compromise(let target, let bySerial):
            targets(target).map { .compromise($0, bySerial: bySerial) }
                + (bySerial ? [.compromise(target, bySerial: false)] : [])
        case .view(let target): targets(target).map { .view($0) }
        case .unlock(let target): targets(target).map { .unlock($0) }
        case .reset(let target, let pair):
            targets(target).map { .reset($0, pair) }
                + (pair.ahead == 0 ? [] : [.reset(target, Pair(ahead: 0, kind: pair.kind))])
        case .request(let user, let token, let purpose, let context):
            options(user).map { .request(user: $0, token: token, purpose: purpose, context: context) }
                + options(token).map { .request(user: user, token: $0, purpose: purpose, context: context) }
                + (purpose == nil ? [] : [.request(user: user, token: token, purpose: nil, context: context)])
                + numbers(context).map { .request(user: user, token: token, purpose: purpose, context: $0) }
        case .verify(let user, let naming, let value, let purpose, let context):
            options(user).map { .verify(user: $0, naming, value, purpose: purpose, context: context) }
                + (purpose == nil ? [] : [.verify(user: user, naming, value, purpose: nil, context: context)])
                + options(context).map { .verify(user: user, naming, value, purpose: purpose, context: $0) }
                + namings(naming).map { .verify(user: user, $0, value, purpose: purpose, context: context) }
                + values(value).map { .verify(user: user, naming, $0, purpose: purpose, context: context) }
        case .guess(let naming, let times):
            (times > 1 ? [.guess(naming, times: times - 1)] : []) + namings(naming).map { .guess($0, times: times) }
        case .wait(let seconds): seconds > 1 ? [.wait(seconds / 2)] : []
        case .fumble(let target, let times):
            targets(target).map { .fumble($0, times: times) } + (times > 1 ? [.fumble(target, times: times - 1)] : [])
        case .cancel(let challenge): numbers(challenge).map { .cancel(challenge: $0) }
        case .state(let challenge): numbers(challenge).map { .state(challenge: $0) }
        case .list(let user): options(user).map { .list(user: $0) }
        case .unlockUser(let user): users(user).map { .unlockUser($0) }
        case .tombstone(let user): users(user).map { .tombstone(user: $0) }
        case .directory(let user, let phone, let email, let isStale):
            users(user).map { .directory(user: $0, phone: phone, email: email, isStale: isStale) }
                + options(phone).map { .directory(user: user, phone: $0, email: email, isStale: isStale) }
                + options(email).map { .directory(user: user, phone: phone, email: $0, isStale: isStale) }
        case .scan(let user): options(user).map { .scan(user: $0) }
        case .retire, .rerule: []
        }
    }

    private var simplerDelivery: [Step] {
        guard
            case .bring(let serial, let asOther, let seed, let counter, let user, let start, let end, let twice) = self
        else { return [] }
        func delivery(
            _ serial: Int,
            seed: Int,
            counter: Int,
            _ user: Int?,
            _ start: Start,
            _ end: End,
            twice: Bool
        ) -> Step {
            .bring(
                serial: serial,
                asOther: asOther,
                seed: seed,
                counter: counter,
                user: user,
                start: start,
                end: end,
                twice: twice
            )
        }
        var steps = numbers(serial).map { delivery($0, seed: seed, counter: counter, user, start, end, twice: twice) }
        steps += numbers(seed).map { delivery(serial, seed: $0, counter: counter, user, start, end, twice: twice) }
        steps += numbers(counter).map { delivery(serial, seed: seed, counter: $0, user, start, end, twice: twice) }
        steps += options(user).map { delivery(serial, seed: seed, counter: counter, $0, start, end, twice: twice) }
        if start != .byType {
            steps.append(delivery(serial, seed: seed, counter: counter, user, .byType, end, twice: twice))
        }
        if end != .none {
            steps.append(delivery(serial, seed: seed, counter: counter, user, start, .none, twice: twice))
        }
        if twice { steps.append(delivery(serial, seed: seed, counter: counter, user, start, end, twice: false)) }
        return steps
    }

    private func users(_ number: Int) -> [Int] { number == 0 ? [] : [0] }
    /// All that are smaller: what a number means goes by its remainder, so that any of them may be the one.
    private func numbers(_ number: Int) -> [Int] { Array(0..<max(0, number)) }
    private func options(_ number: Int?) -> [Int?] { number.map { $0 == 0 ? [nil] : [nil, 0] } ?? [] }

    private func namings(_ naming: Naming) -> [Naming] {
        switch naming {
        case .nothing: []
        case .token(let number): [.nothing] + numbers(number).map { .token($0) }
        case .challenge(let number): [.nothing] + numbers(number).map { .challenge($0) }
        case .both(let token, let challenge): [.nothing, .token(token), .challenge(challenge)]
        }
    }

    private func values(_ value: Value) -> [Value] {
        switch value {
        case .sent(let number): numbers(number).map { .sent(challenge: $0) }
        case .replaced(let number): numbers(number).map { .replaced(challenge: $0) }
        case .shown(let token, let ahead):
            numbers(token).map { .shown(token: $0, ahead: ahead) }
                + numbers(ahead).map { .shown(token: token, ahead: $0) }
        case .code(let token, let number):
            numbers(token).map { .code(token: $0, number: number) }
                + numbers(number).map { .code(token: token, number: $0) }
        case .noDigits: [.wrong]
        case .wrong: []
        }
    }

    private func targets(_ target: Target) -> [Target] {
        numbers(target.token).map { Target(token: $0, key: target.key, version: target.version) }
            + (target.key == .holder ? [] : [Target(token: target.token, version: target.version)])
            + (target.version == .any ? [] : [Target(token: target.token, key: target.key)])
    }
}
