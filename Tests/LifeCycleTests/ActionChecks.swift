import Contract
import TokenCore
import WorkerRuntime

@testable import Enrollment
@testable import Verifier

/// A shown action always works, and one that is not shown does not: what an operator's buttons are drawn from.
extension Play {
    /// Of which tokens the actions are tried after a step.
    enum ActionCheck {
        case none
        /// Now and then of one, which the count of commands chooses.
        case some
        case all
    }

    /// Tries everything on copies of the world.
    func checkActions(_ check: ActionCheck) throws {
        let living = model.tokens.indices.filter { !model.tokens[$0].isDeleted }
        guard !living.isEmpty else { return }
        switch check {
        case .none: break
        case .all: for index in living { try checkActions(of: index) }
        case .some: if commands % 4 == 0 { try checkActions(of: living[commands / 4 % living.count]) }
        }
    }

    private func checkActions(of index: Int) throws {
        let shown = try actions(of: index)
        if shown.contains(.unlock), !model.tokens[index].lock.isOn(model.now) {
            throw Mismatch("unlock is shown for a \(describe(index)), and nothing is locked")
        }
        for action in TokenAction.allCases {
            if shown.contains(action) {
                guard let word = try perform(action, on: index) else { continue }
                try expect(word == "ok", "\(action) is shown for a \(describe(index)), and answered \(word)")
            } else if let word = try perform(action, on: index), action != .unlock, action != .test {
                let isTable = action == .reset && word == "otp_mismatch"
                try expect(word != "ok" && !isTable, "\(action) is not shown for a \(describe(index)), and works")
            }
        }
    }

    private func describe(_ index: Int) -> String {
        "\(model.tokens[index].type) token that is \(model.status(model.tokens[index]))"
    }

    private func actions(of index: Int) throws -> Set<TokenAction> {
        let token = model.tokens[index]
        var copy = stage
        let data: JSONObject = ["tokenId": .string(token.id.description)]
        let holder = token.holder.map { key(of: $0) } ?? Stage.operators
        let view = Answer(outcome: copy.send(ViewTokenHandler(), data, on: holder)).view
        guard case .array(let names)? = view?["actions"] else { throw Mismatch("a view without actions") }
        return Set(names.compactMap { $0.stringValue.flatMap(TokenAction.init(rawValue:)) })
    }

    /// - Returns: the answer; nil where there is nothing to type at this moment.
    private func perform(_ action: TokenAction, on index: Int) throws -> String? {
        var copy = stage
        let token = model.tokens[index]
        let key = token.holder.map { self.key(of: $0) } ?? Stage.operators
        var data: JSONObject = ["tokenId": .string(token.id.description)]
        let outcome: Outcome? =
            switch action {
            case .enable: copy.send(EnableTokenHandler(), data, on: key)
            case .disable: copy.send(DisableTokenHandler(), data, on: key)
            case .delete: copy.send(DeleteTokenHandler(), data, on: key)
            case .unassign: copy.send(UnassignTokenHandler(), data, on: key)
            case .compromise: copy.send(CompromiseTokenHandler(), data, on: key)
            case .unlock: copy.send(UnlockTokenHandler(), data, on: key)
            case .provision: copy.send(ProvisionTokenHandler(), data, on: key)
            case .edit:
                copy.send(EditTokenHandler(), data.setting("description", "by a button"), on: key)
            case .reset:
                reset(index, &data, &copy, key)
            case .test:
                try test(index, &data, &copy, key)
            }
        return outcome.map { Answer(outcome: $0).word }
    }

    private func reset(_ index: Int, _ data: inout JSONObject, _ copy: inout Stage, _ key: UserKey) -> Outcome? {
        guard let device = model.tokens[index].oath else {
            data.append("otp1", "000000")
            data.append("otp2", "000001")
            return copy.send(ResetTokenHandler(), data, on: key)
        }
        // Two values that are not spent, in reach of the window.
        let first = device.isHOTP ? device.next : max(device.next, device.step(model.now))
        guard device.isHOTP || first <= device.step(model.now) + 10 else { return nil }
        data.append("otp1", .string(device.shown(first)))
        data.append("otp2", .string(device.shown(first + 1)))
        return copy.send(ResetTokenHandler(), data, on: key)
    }

    /// Requests an OTP where one is delivered, and verifies it.
    private func test(_ index: Int, _ data: inout JSONObject, _ copy: inout Stage, _ key: UserKey) throws -> Outcome? {
        let token = model.tokens[index]
        data.append("purpose", "test")
        var value: String?
        if let device = token.oath {
            let rules = model.policy(token).otp
            let last = device.position(model.now) + Int64(rules.window)
            let factor = max(device.next, device.position(model.now))
            // Until the next step there is nothing to type.
            guard device.isHOTP || factor <= last else { return nil }
            value = device.shown(factor)
        } else if token.kind == .recovery {
            value = token.codes.first ?? "0000000000"
        } else {
            let requested = Answer(outcome: copy.send(RequestOTPHandler(), data, on: key))
            // A limit passes by itself; with an OTP under way the test can go on.
            if requested.word == "too_many_requests" { return nil }
            guard requested.isOK else { return requested.outcome }
            value = requested.outcome.notifications.first?.content.text("otp")
        }
        data.append("otp", .string(value ?? ""))
        return copy.send(VerifyOTPHandler(), data, on: key)
    }
}

extension JSONObject {
    func setting(_ name: String, _ value: JSONValue) -> JSONObject {
        var copy = self
        copy.set(name, to: value)
        return copy
    }
}
