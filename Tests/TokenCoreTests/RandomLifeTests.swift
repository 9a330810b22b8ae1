import TestSupport
import Testing

@testable import TokenCore

@Suite("A token's life under random commands")
struct RandomLifeTests {
    @Test("keeps its promises", arguments: UInt64(1)...40)
    func promises(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var world = EnrollmentWorld()
        world.rule {
            $0.permits.requireActiveToken = seed % 2 == 0
            $0.life.contactChange = seed % 3 == 0 ? .verify : .immediate
            $0.life.lifetime = seed % 5 == 0 ? 3_000 : nil
            $0.life.maxPerUser = 4
        }
        var record = world.record()
        var gone: Set<TokenID> = []
        for _ in 0..<120 {
            world.now = world.now.adding(seconds: Int64.random(in: 0...120, using: &random))
            let before = record
            var versions: [TokenID: Int64] = [:]
            for token in before.tokens { versions[token.id] = token.version }

            let id = record.tokens.randomElement(using: &random)?.id
            let command = Step.allCases.randomElement(using: &random) ?? .expire
            do throws(Rejection) {
                try command.run(id, &record, world, &random)
                if command == .delete, let id { gone.insert(id) }
            } catch {
                #expect(record == before, "\(command) was refused with \(error.code.rawValue), seed \(seed)")
            }

            let context = world.context
            for token in record.tokens {
                if let version = versions[token.id] {
                    let isSame = before[token.id] == token
                    #expect(isSame ? token.version == version : token.version == version + 1)
                }
                for action in record.actions(of: token, context) {
                    var copy = record
                    #expect(throws: Never.self, "\(action.rawValue) was shown, seed \(seed)") {
                        try action.perform(on: token, &copy, context)
                    }
                }
                let isOpen = record.challenges.contains { $0.tokenID == token.id && $0.state == .open }
                #expect(!isOpen || token.status == .active || token.status == .pending)
            }
            let listed = TokenListing.page(
                record.tokens,
                .init(),
                limit: 500,
                after: nil,
                in: context.catalogue,
                at: context.now
            ).page
            #expect(listed.count == record.tokens.count)
            #expect(gone.isDisjoint(with: listed.map(\.id)))
            #expect(record.tokens.allSatisfy { $0.status != .deleted })
            let active = record.tokens.count { token in
                token.status == .active && (token.times.expiresAt.map { world.now < $0 } ?? true)
            }
            #expect(record.activeTokenCount(context) == active)
            if seed % 10 == 2, before.activeTokenCount(context) > 0 { #expect(active > 0 || command == .tombstone) }
        }
    }

    enum Step: CaseIterable {
        case enrollSMS, enrollVirtual, enrollTOTP, editText, editPhone, enable, disable, delete, provision, activate
        case challenge, lock, directory, tombstone, expire

        func run(
            _ id: TokenID?,
            _ record: inout UserRecord,
            _ world: EnrollmentWorld,
            _ random: inout SeededRandom
        ) throws(Rejection) {
            let context = world.context
            let missing = TokenID(UUIDValue(high: 0, low: 0))
            let phone = "+4179000000\(Int.random(in: 0...3, using: &random))"
            switch self {
            case .enrollSMS: _ = try record.enroll(.init(tokenType: "sms", phone: phone), context)
            case .enrollVirtual: _ = try record.enroll(.init(tokenType: "virtual", channel: .sms), context)
            case .enrollTOTP: _ = try record.enroll(.init(tokenType: "totp"), context)
            case .editText: _ = try record.edit(id ?? missing, .init(description: .set(phone)), context)
            case .editPhone: _ = try record.edit(id ?? missing, .init(phone: phone), context)
            case .enable: _ = try record.enable(id ?? missing, context)
            case .disable: _ = try record.disable(id ?? missing, context)
            case .delete: _ = try record.delete(id ?? missing, context)
            case .provision: _ = try record.provision(id ?? missing, ifVersion: nil, context)
            case .activate:
                guard let id, record[id]?.effectiveStatus(in: context.catalogue, at: context.now) == .pending else {
                    return
                }
                record[id]?.status = .active
                record[id]?.version += 1
            case .challenge:
                guard let id, record[id]?.status == .active else { return }
                _ = world.challenge(id, in: &record)
            case .lock:
                guard let id else { return }
                record[id]?.lockout.lockedUntil = context.now.adding(seconds: 200)
                record[id]?.version += 1
            case .directory:
                let revision = (record.contact?.revision ?? 0) + 1
                let isGone = Int.random(in: 0...5, using: &random) == 0
                _ = record.update(.init(phone: isGone ? nil : phone, revision: revision))
            case .tombstone: _ = record.removeContact()
            case .expire: _ = record.expire(at: context.now, catalogue: context.catalogue)
            }
        }
    }
}

extension TokenAction {
    /// Does what the button says.
    fileprivate func perform(
        on token: Token,
        _ record: inout UserRecord,
        _ context: DecisionContext
    ) throws(Rejection) {
        switch self {
        case .edit:
            let edited = try record.edit(token.id, .init(description: .set("by a button")), context)
            #expect(edited.token.description == "by a button")
        case .enable: #expect(try record.enable(token.id, context).token.status == .active)
        case .disable: #expect(try record.disable(token.id, context).token.status == .disabled)
        case .delete:
            _ = try record.delete(token.id, context)
            #expect(record[token.id] == nil)
        case .provision: _ = try record.provision(token.id, ifVersion: token.version, context)
        case .unlock:
            #expect(try record.unlock(token.id, at: context.now))
            #expect(record[token.id]?.lockout.isLocked(at: context.now) == false)
        case .test:
            var state = WorkingSet(users: [record.key: record])
            let request = OTPRequest(tokenID: token.id, purpose: .test)
            let isDelivered = token.type.kind.isDelivered
            #expect(throws: Never.self) { if isDelivered { _ = try state.requestOTP(request, in: context).get() } }
        case .reset: try record.admitReset(of: token, ifVersion: nil, in: context)
        case .unassign, .compromise: Issue.record("no token here is hardware")
        }
    }
}
