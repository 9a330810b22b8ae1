import Contract
import TokenCore

/// What holds after every command, whatever it was.
struct Invariants {
    let before: WorkingSet
    let stage: Stage
    /// What time has done already is only written down: a version may tell of it or not.
    var isScan = false

    private var after: WorkingSet { stage.state }

    func check(_ answer: Answer) throws {
        try checkPlaces()
        try checkDevices()
        let known = Dictionary(before.users.values.flatMap(\.tokens).map { ($0.id, $0) }) { first, _ in first }
        for (token, holder) in stage.tokens {
            guard let former = known[token.id], former != token else { continue }
            try checkFactor(former, token)
            try checkVersion(former, token, holder)
        }
        if let code = answer.rejection?.code { try checkRefusal(code, known) }
    }

    /// One device for a serial number; each record holds its user's tokens, the stock those of nobody.
    private func checkPlaces() throws {
        var serials: Set<String> = []
        for record in after.users.values {
            for token in record.tokens {
                let owner = record.key == Stage.stock ? nil : record.key.userID
                if token.userID != owner { throw Mismatch("a token stands in another's record") }
                if let serial = token.device.serial, !serials.insert(serial).inserted {
                    throw Mismatch("two devices with one serial number")
                }
                if token.status == .deleted { throw Mismatch("a deleted token is still there") }
            }
        }
    }

    /// What the batch knows of whereabouts.
    private func checkDevices() throws {
        guard stage.isOneBatch else { return }
        for record in after.users.values {
            for token in record.tokens {
                guard let serial = token.device.serial else { continue }
                let found = after.device(DeviceKey(tenant: token.tenant, serial: serial))
                if found?.token != token { throw Mismatch("a device is not found where it stands") }
            }
        }
    }

    private func checkFactor(_ former: Token, _ token: Token) throws {
        guard let old = former.oath, let new = token.oath, old.secret.bytes == new.secret.bytes else { return }
        if new.movingFactor < old.movingFactor { throw Mismatch("a counter or step went back") }
    }

    /// Versions grow by one with each change of the view, and only then.
    private func checkVersion(_ former: Token, _ token: Token, _ holder: UserKey) throws {
        let isSame = view(former, before.users[holder]) == view(token, after.users[holder])
        let growth = token.version - former.version
        // A lock that has ended shows no more, though what it counted is cleared later: that may be told or not.
        let isQuiet = isSame && (isScan || former.lockout.lockedUntil.map { $0 <= stage.now } ?? false)
        if growth != (isSame ? 0 : 1), !(isQuiet && growth == 1) {
            throw Mismatch("version grew by \(growth) where the view \(isSame ? "is the same" : "changed")")
        }
    }

    /// What a reader of views sees of the token itself.
    private func view(_ token: Token, _ record: UserRecord?) -> JSONObject {
        let key = UserKey(tenant: token.tenant, userID: token.userID ?? "")
        var view = TokenView.json(token, record: record ?? UserRecord(key: key), context: stage.context(on: key))
        for name in ["version", "actions"] { view[name] = nil }
        return view
    }

    /// A refusal changes nothing but counts, and those only where the value was wrong.
    private func checkRefusal(_ code: Rejection.Code, _ known: [TokenID: Token]) throws {
        if !code.countsAsFailure {
            guard after.users == before.users else { throw Mismatch("\(code.rawValue) changed something") }
            return
        }
        let tokens = stage.tokens
        guard tokens.count == known.count else { throw Mismatch("\(code.rawValue) made or removed a token") }
        for (token, _) in tokens {
            guard var former = known[token.id] else { throw Mismatch("\(code.rawValue) made a token") }
            former.lockout = token.lockout
            former.version = token.version
            guard former == token else { throw Mismatch("\(code.rawValue) changed a token beyond its counts") }
        }
        for record in after.users.values {
            let former = before[record.key]
            guard former.contact == record.contact, former.challenges.count == record.challenges.count else {
                throw Mismatch("\(code.rawValue) changed a user beyond counts")
            }
        }
    }
}
