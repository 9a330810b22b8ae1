/// One device of a vendor's delivery, as `token.import` brings it.
package struct ImportEntry: Sendable {
    package let serial: String
    /// Base32, or a JWE of it.
    package let secret: String
    /// HOTP: the counter expected next. TOTP: the first step not yet used.
    package var counter: Int64?
    /// TOTP: steps by which the device's clock is ahead.
    package var drift: Int?
    package var digits: Int?
    package var period: Int?
    package var algorithm: HashAlgorithm?
    package var manufacturer: String?
    package var model: String?
    package var batch: String?
    package var expiresAt: Instant?
    /// Who gets it; nil: it goes into the stock.
    package var userID: String?
    /// ACTIVE, DISABLED or PENDING, where it has a user.
    package var status: TokenStatus?
    /// A field with a value that no device has, as a JSON pointer: the entry is not taken.
    package var defect: String?

    package init(serial: String, secret: String) {
        self.serial = serial
        self.secret = secret
    }
}

extension ImportEntry: CustomStringConvertible, CustomReflectable {
    /// The secret never shows.
    package var description: String { "device \(serial)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What became of a delivery.
package struct ImportResult: Sendable {
    /// An entry that was not taken, or that was there already.
    package struct Skipped: Equatable, Sendable {
        package let serial: String
        /// A rejection's code, or `unchanged`.
        package let code: String
        /// For `malformed`: which field.
        package let field: String?
    }

    /// The code of a device that is there already with the same seed.
    package static let unchanged = "unchanged"

    package var imported = 0
    package var skipped: [Skipped] = []
    /// The devices that got a user with it.
    package var assigned: [Token] = []
    /// Every device that is new or changed.
    package var tokens: [TokenID] = []
}

extension WorkingSet {
    /// Takes a delivery entry by entry: each wholly, or not at all.
    ///
    /// - Throws: `not_hardware`, `type_not_enrollable` (a retired type): nothing was taken.
    package mutating func importDevices(
        _ entries: [ImportEntry],
        of type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) -> ImportResult {
        guard type.isHardware else { throw Rejection(.notHardware) }
        guard !type.isRetired else { throw Rejection(.typeNotEnrollable) }
        var result = ImportResult()
        for entry in entries {
            do throws(Rejection) {
                try take(entry, type, context, &result)
            } catch {
                result.skipped.append(
                    .init(serial: entry.serial, code: error.code.rawValue, field: error.details.field)
                )
            }
        }
        return result
    }

    private mutating func take(
        _ entry: ImportEntry,
        _ type: TokenType,
        _ context: DecisionContext,
        _ result: inout ImportResult
    ) throws(Rejection) {
        let tenant = context.user.tenant
        if let defect = entry.defect { throw .malformed(field: defect) }
        let submitted = SubmittedSeed(entry.secret, owner: .device(tenant: tenant, serial: entry.serial))
        let seed = try SeedRules.seed(fromBase32: context.envelopes.open(submitted, at: context.now))
        let user = entry.userID.map { UserKey(tenant: tenant, userID: $0) }
        var token: Token
        var former: UserKey?
        if let found = device(DeviceKey(tenant: tenant, serial: entry.serial)) {
            token = try known(found, seed, type, context)
            token.oath?.advance(to: entry.counter ?? 0)
            let isFree = token.effectiveStatus(in: context.catalogue, at: context.now) == .unassigned
            guard let user, isFree else {
                guard user == nil || user == found.holder else { throw Rejection(.serialTaken) }
                self[found.holder][token.id] = token
                result.skipped.append(.init(serial: entry.serial, code: ImportResult.unchanged, field: nil))
                return
            }
            try requireRoom(user, type, context)
            former = found.holder
        } else {
            let digests = context.cryptography.digests(ofSeed: seed, tenant: tenant)
            guard seeds.holder(of: digests) == nil else { throw Rejection(.secretTaken) }
            if let user { try requireRoom(user, type, context) }
            token = Token(imported: entry, seed: seed, type, context)
            seeds.take(digests, for: token.id)
        }
        if let user {
            assign(&token, to: user, entry, type, context)
            result.assigned.append(token)
        }
        place(token, with: user ?? .stock(of: tenant), from: former)
        result.imported += 1
        result.tokens.append(token.id)
    }

    /// A device with the entry's serial number that is there already: it has to be the same one.
    private func known(
        _ found: FoundDevice,
        _ seed: [UInt8],
        _ type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) -> Token {
        let token = found.token
        guard token.status != .compromised else { throw Rejection(.serialCompromised) }
        let isSame =
            token.type.name == type.name
            && token.oath.map {
                context.cryptography.matches(seed: seed, $0.secret, of: token.id, tenant: token.tenant)
            } ?? false
        guard isSame else { throw Rejection(.serialTaken) }
        return token
    }

    private func requireRoom(
        _ user: UserKey,
        _ type: TokenType,
        _ context: DecisionContext
    ) throws(Rejection) {
        guard type.policy.permits.enrollable else { throw Rejection(.typeNotEnrollable) }
        try self[user].requireRoom(for: type, context)
    }

    private mutating func assign(
        _ token: inout Token,
        to user: UserKey,
        _ entry: ImportEntry,
        _ type: TokenType,
        _ context: DecisionContext
    ) {
        self[user].lockout = self[user].lockout ?? Lockout()
        token.assign(to: user, context)
        if token.status == .obsolete { return }
        token.begin(entry.status == .pending ? .onFirstOTP : .now, type.policy.life, at: context.now)
        if entry.status == .disabled { token.status = .disabled }
    }
}

extension Token {
    /// A device as its vendor delivered it, in nobody's hands.
    fileprivate init(imported entry: ImportEntry, seed: [UInt8], _ type: TokenType, _ context: DecisionContext) {
        let id = TokenID(context.newID())
        var device = Device(serial: entry.serial)
        device.manufacturer = entry.manufacturer
        device.model = entry.model
        device.batch = entry.batch
        device.endOfLife = entry.expiresAt
        var times = Times(createdAt: context.now)
        times.expiresAt = entry.expiresAt
        let rules = type.policy.otp
        let tenant = context.user.tenant
        self.init(
            id: id,
            owner: .stock(of: tenant),
            type: TypeReference(type),
            status: .unassigned,
            device: device,
            oath: OATHState(
                secret: context.cryptography.seal(seed: seed, for: id, tenant: tenant),
                algorithm: entry.algorithm ?? rules.algorithm,
                digits: entry.digits ?? rules.digits,
                period: entry.period ?? rules.period,
                movingFactor: entry.counter ?? 0,
                drift: type.kind == .totp ? entry.drift ?? 0 : 0
            ),
            times: times
        )
        userID = nil
        if let end = entry.expiresAt, end <= context.now {
            status = .obsolete
            statusReason = ObsolescenceReason.expired.rawValue
        }
    }
}

extension OATHState {
    /// Moves to a counter or step that the device is said to have come to; never back.
    fileprivate mutating func advance(to factor: Int64) {
        movingFactor = max(movingFactor, factor)
    }
}
