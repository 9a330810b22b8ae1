import Contract
import TokenCore
import WorkerRuntime

/// `token.import`: devices of a vendor's delivery come into the stock, or into the hands of users.
///
/// Rejections: `batch_too_large`, `unknown_token_type`, `not_hardware`, `type_not_enrollable` (a retired type).
struct ImportTokensHandler: CommandHandler {
    static var reads: Reads { .contact }
    static var keys: AcceptedKeys { .tenantWide }

    func needs(_ command: ImportTokens, on key: UserKey) throws(Rejection) -> Needs {
        guard command.tokens.count <= ImportTokens.maximumCount else {
            throw Rejection(.batchTooLarge, .init(maximum: ImportTokens.maximumCount))
        }
        var needs = Needs()
        for (index, entry) in command.tokens.enumerated() {
            let entry = ImportEntry(entry, at: index, tenant: key.tenant)
            guard entry.defect == nil else { continue }
            needs.serials.insert(entry.serial)
            needs.seeds.append(
                SubmittedSeed(entry.secret, owner: .device(tenant: key.tenant, serial: entry.serial))
            )
            if let user = entry.userID { needs.users.insert(UserKey(tenant: key.tenant, userID: user)) }
        }
        return needs
    }

    func decide(_ command: ImportTokens, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        guard let type = context.catalogue[command.tokenType] else { return .rejected(Rejection(.unknownTokenType)) }
        let entries = command.tokens.enumerated().map { index, entry in
            ImportEntry(entry, at: index, tenant: context.user.tenant)
        }
        let result: ImportResult
        do {
            result = try state.importDevices(entries, of: type, context)
        } catch {
            return .rejected(error)
        }
        let reports = result.assigned.map { token in
            let owner = UserKey(tenant: token.tenant, userID: token.userID ?? "")
            return TokenReport(token: token, record: state[owner], context: context)
        }
        return Outcome(
            .ok([
                "imported": .integer(Int64(result.imported)),
                "skipped": .array(result.skipped.map(\.json)),
            ]),
            events: [summary(of: result, type)] + reports.map { $0.event(.tokenEnrolled) },
            notifications: reports.flatMap { $0.notices(of: .enrolled) },
            tokens: result.tokens
        )
    }

    private func summary(of result: ImportResult, _ type: TokenType) -> EventDraft {
        let unchanged = result.skipped.count { $0.code == ImportResult.unchanged }
        return EventDraft(
            .tokenImported,
            [
                "tokenType": .string(type.name),
                "imported": .integer(Int64(result.imported)),
                "assigned": .integer(Int64(result.assigned.count)),
                "unchanged": .integer(Int64(unchanged)),
                "skipped": .integer(Int64(result.skipped.count - unchanged)),
            ]
        )
    }
}

extension ImportResult.Skipped {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["serial": .string(serial), "code": .string(code)]
        if let field { object.append("field", .string(field)) }
        return .object(object)
    }
}

extension ImportEntry {
    /// Takes over an entry; the first value that no device has becomes its defect.
    fileprivate init(_ entry: ImportTokens.Entry, at index: Int, tenant: String) {
        self.init(serial: entry.serial, secret: entry.secret.exposed)
        let bounds = TypePolicy.Bounds.self
        var defect: String?
        func checked<Value>(_ name: String, _ value: Value?, _ isValid: (Value) -> Bool) -> Value? {
            guard let value, defect == nil else { return nil }
            if !isValid(value) { defect = "/tokens/\(index)/\(name)" }
            return value
        }
        counter = checked("counter", entry.counter) { (0...Self.largestCounter).contains($0) }
        drift = checked("drift", entry.drift) { $0.magnitude <= UInt64(bounds.resetWindow.upperBound) }
            .map { Int(clamping: $0) }
        digits = checked("digits", entry.digits) { bounds.oathDigits.contains(Int(clamping: $0)) }
            .map { Int(clamping: $0) }
        period = checked("period", entry.period) { bounds.periods.contains(Int(clamping: $0)) }
            .map { Int(clamping: $0) }
        algorithm = checked("algorithm", entry.algorithm) { HashAlgorithm(rawValue: $0) != nil }
            .flatMap(HashAlgorithm.init(rawValue:))
        userID = checked("userId", entry.userId) { user in
            RecordKey(tenant: tenant, userID: user) != nil && !UserKey(tenant: tenant, userID: user).isTenantWide
        }
        let isAssigned = entry.userId != nil
        status = checked("status", entry.status.flatMap { $0 == TokenStatus.unassigned.rawValue ? nil : $0 }) {
            isAssigned && Self.assignable.contains($0)
        }
        .flatMap(TokenStatus.init(rawValue:))
        manufacturer = entry.manufacturer
        model = entry.model
        batch = entry.batch
        expiresAt = entry.expiresAt
        self.defect = defect
    }

    private static let assignable = [TokenStatus.active, .disabled, .pending].map(\.rawValue)

    /// Far beyond what any device counts to, with room for windows above it.
    private static let largestCounter = Int64.max / 4
}
