import Contract
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import Verifier

/// Looking, editing, the directory and time, told by the model.
extension Play {
    mutating func dispatch(_ step: Step) throws {
        switch step {
        case .enroll(let user, let kind, let contact, let seed, let start, let end):
            try enroll(user, kind, contact: contact, seed: seed, start, end)
        case .assign(let user, let serial, let asOther, let proof, let start):
            try assign(user, serial: serial, isHOTP: (serial % 2 == 0) != asOther, proof, start)
        case .bring(let serial, let asOther, let seed, let counter, let user, let start, let end, let isTwice):
            let isHOTP = (serial % 2 == 0) != asOther
            try bring(serial: serial, isHOTP: isHOTP, seed: seed, counter: counter, user, start, end, isTwice: isTwice)
        case .provision(let target): try provision(target)
        case .edit(let target, let change): try edit(target, change)
        case .enable(let target): try enable(target)
        case .disable(let target): try disable(target)
        case .delete(let target): try delete(target)
        case .unassign(let target, let bySerial): try unassign(target, bySerial: bySerial)
        case .compromise(let target, let bySerial): try compromise(target, bySerial: bySerial)
        case .view(let target): try view(target)
        case .list(let user): try list(user)
        case .request(let user, let token, let purpose, let context):
            try request(user, token: token, purpose, context: context)
        case .verify(let user, let naming, let value, let purpose, let context):
            try verify(user, naming, value, purpose, context: context)
        case .guess(let naming, let times):
            for _ in 0..<times { try verify(nil, naming, .wrong, nil, context: nil) }
        case .fumble(let target, let times):
            for _ in 0..<times {
                try reset(target, Pair(ahead: 0, kind: .wrong))
                learnVersions()
            }
        case .cancel(let challenge): try cancel(challenge)
        case .state(let challenge): try state(challenge)
        case .reset(let target, let pair): try reset(target, pair)
        case .unlock(let target): try unlock(target)
        case .unlockUser(let user): try unlockUser(user)
        case .directory(let user, let phone, let email, let isStale):
            try directory(user, phone: phone, email: email, isStale: isStale)
        case .tombstone(let user): try tombstone(user)
        case .retire(let kind): try retire(kind)
        case .rerule(let kind, let change): try rerule(kind, change)
        case .scan(let user): try scan(user)
        case .wait(let seconds):
            stage.now = stage.now.adding(seconds: Int64(seconds))
            model.now = stage.now
        }
    }

    private mutating func view(_ target: Target) throws {
        var named = name(target)
        // It takes no version: an unknown field is ignored.
        if named.isConflict { named = name(Target(token: target.token, key: target.key)) }
        let before = stage.state
        let answer = try send(ViewTokenHandler(), named.data, on: named.key)
        try expect(answer, refusals(named) ?? [])
        try expect(answer, events: [])
        try expect(stage.state.users == before.users, "a view changed something")
        guard let index = named.token else { return }
        let token = model.tokens[index]
        try expect(answer.view?.text("status") == model.status(token).rawValue, "status in the view")
        try expect(answer.view?.integer("version") == token.version, "version in the view")
        let isLocked = answer.view?.instant("lockedUntil") != nil
        try expect(isLocked == token.lock.isOn(model.now), "lockedUntil in the view")
    }

    private mutating func list(_ number: Int?) throws {
        let user = number.map(user)
        let answer = try send(ListTokensHandler(), [:], on: user.map { key(of: $0) } ?? Stage.operators)
        try expect(answer, [])
        guard case .array(let rows)? = answer.result?["tokens"] else { throw Mismatch("no list") }
        let listed = rows.compactMap(\.objectValue)
        let shown = user.map { model.held(by: $0) } ?? model.tokens.indices.filter { !model.tokens[$0].isDeleted }
        let ids = Set(listed.compactMap { $0.text("tokenId") })
        let expected = Set(shown.map { model.tokens[$0].id.description })
        // A device that was not activated in time is the stock's, though the scanner has not come by: whether its last
        // holder's list still shows it is open.
        let lapsed = shown.filter {
            model.tokens[$0].status == .pending && model.status(model.tokens[$0]) == .unassigned
        }
        let optional = user == nil ? [] : Set(lapsed.map { model.tokens[$0].id.description })
        let isWhole = ids.isSubset(of: expected) && expected.subtracting(optional).isSubset(of: ids)
        try expect(rows.count == ids.count && isWhole, "\(rows.count) listed, expected \(expected.count)")
        for row in listed {
            let token = model.tokens.first { $0.id.description == row.text("tokenId") }
            try expect(row.text("status") == token.map(model.status)?.rawValue, "status in the list")
        }
    }

    private mutating func edit(_ target: Target, _ change: Change) throws {
        let named = name(target)
        var data = named.data
        var address: String?
        switch change {
        case .text: data.append("description", "edited")
        case .phone, .otherPhone, .badPhone:
            address = Palette.phones[change == .phone ? 0 : change == .otherPhone ? 1 : 3]
            data.append("phone", .optional(address))
        case .email:
            address = Palette.emails[2]
            data.append("email", .optional(address))
        case .end: data.append("expiresAt", .string(model.now.adding(seconds: 9_000).rfc3339))
        case .pastEnd: data.append("expiresAt", .string(model.now.rfc3339))
        case .nothing: break
        }
        let answer = try send(EditTokenHandler(), data, on: named.key)
        var refused = refusals(named) ?? []
        if refused.isEmpty, let index = named.token { refused = editRefusals(model.tokens[index], change) }
        if change == .pastEnd { refused.insert("malformed") }
        try expect(answer, refused)
        try expectDetails(answer, named)
        if answer.isOK, let index = named.token { try follow(answer, index, change, address) }
    }

    private func editRefusals(_ token: ModelToken, _ change: Change) -> Set<String> {
        var refused = refusals(token, admitting: [.pending, .active, .disabled])
        if !model.policy(token).permits.editable { refused.insert("not_editable") }
        switch change {
        case .phone, .otherPhone, .badPhone: if token.kind != .sms { refused.insert("not_editable") }
        case .email: if token.kind != .email { refused.insert("not_editable") }
        case .text, .end, .pastEnd, .nothing: break
        }
        if change == .badPhone, token.kind == .sms { refused.insert("invalid_phone") }
        return refused
    }

    private mutating func follow(_ answer: Answer, _ index: Int, _ change: Change, _ address: String?) throws {
        let before = model.tokens[index]
        if change == .text { model.tokens[index].description = "edited" }
        if change == .end { model.tokens[index].end = model.now.adding(seconds: 9_000) }
        if let address {
            // Of a PENDING token, whose address was never proved, the policy leaves open whether the new one must be.
            let isPending = answer.view?.text("pendingContact") != nil
            let mustProve = model.policy(before).life.contactChange == .verify && address != before.address
            if before.status != .pending { try expect(isPending == mustProve, "pendingContact, expected \(mustProve)") }
            model.tokens[index].pendingAddress = isPending ? address : nil
            if !isPending { model.tokens[index].address = address }
        }
        let after = model.tokens[index]
        let isMoved = after.address != before.address || after.pendingAddress != before.pendingAddress
        if isMoved { model.void(index) }
        let isChanged = isMoved || after.description != before.description || after.end != before.end
        try expect(answer, events: isChanged ? ["token.edited"] : [])
        guard isMoved, address != before.address else { return }
        // The old contact hears of it, without an OTP.
        let told = answer.outcome.notifications.filter { $0.content.text("to") == before.address }
        try expect(told.count == 1 && told[0].content["otp"] == nil, "no notice to the old contact")
    }

    // MARK: The directory

    private mutating func directory(_ number: Int, phone: Int?, email: Int?, isStale: Bool) throws {
        let user = user(number)
        let newPhone = phone.map { Palette.pick(Palette.phones, $0) }
        let newEmail = email.map { Palette.pick(Palette.emails, $0) }
        let known = model.users[user].revision
        let revision = isStale ? (known ?? 5) - 1 : (known ?? 4) + 1
        var data: JSONObject = ["revision": .integer(revision)]
        if let newPhone { data.append("phone", .string(newPhone)) }
        if let newEmail { data.append("email", .string(newEmail)) }
        let answer = try sendRecord(data, on: key(of: user))
        if let known, revision < known { return try expect(answer, events: []) }
        let before = model.users[user]
        model.users[user].revision = revision
        // An invalid field is ignored, the rest of the record holds.
        let isBadPhone = newPhone == Palette.phones.last
        let isBadEmail = newEmail == Palette.emails.last
        if !isBadPhone { model.users[user].phone = newPhone }
        if !isBadEmail { model.users[user].email = newEmail }
        let rejected = [isBadPhone, isBadEmail].count { $0 }
        try followContact(answer, user, before, rejected: rejected)
    }

    private mutating func tombstone(_ number: Int) throws {
        let user = user(number)
        let answer = try sendRecord(nil, on: key(of: user))
        let before = model.users[user]
        model.users[user].revision = nil
        model.users[user].phone = nil
        model.users[user].email = nil
        for index in model.held(by: user) { model.void(index) }
        try followContact(answer, user, before, rejected: 0)
    }

    private mutating func followContact(_ answer: Answer, _ user: Int, _ before: ModelUser, rejected: Int) throws {
        let after = model.users[user]
        let isChanged = before.phone != after.phone || before.email != after.email
        var lost = 0
        for index in model.held(by: user) where model.tokens[index].kind == .virtual {
            if isChanged { model.void(index) }
            let isLiving = [.pending, .active, .disabled].contains(model.tokens[index].status)
            guard isLiving, model.address(model.tokens[index]) == nil else { continue }
            model.tokens[index].status = .obsolete
            model.void(index)
            lost += 1
        }
        let events =
            Array(repeating: "contact.rejected", count: rejected) + (isChanged ? ["contact.changed"] : [])
            + Array(repeating: "token.obsoleted", count: lost)
        try expect(answer, events: events)
    }

    private mutating func sendRecord(_ data: JSONObject?, on key: UserKey) throws -> Answer {
        let before = stage.state
        let answer = Answer(outcome: try stage.send(DirectoryUpdate(), data, on: key))
        try check(answer, since: before)
        return answer
    }
}
