/// A second factor of a user, or a device in the stock.
package struct Token: Equatable, Sendable {
    package let id: TokenID
    package let tenant: String
    /// Nil for a device in the stock.
    package var userID: String?
    package var type: TypeReference
    package var status: TokenStatus
    package var statusReason: String?
    package var description: String?
    package var device: Device
    /// HOTP and TOTP only.
    package var oath: OATHState?
    /// Recovery only.
    package var recovery: RecoveryCodes?
    package var lockout: Lockout
    package var times: Times
    /// Grows by one with each change that a reader of views can see.
    package var version: Int64

    package init(
        id: TokenID,
        owner: UserKey,
        type: TypeReference,
        status: TokenStatus,
        device: Device = Device(),
        oath: OATHState? = nil,
        times: Times
    ) {
        self.id = id
        self.tenant = owner.tenant
        self.userID = owner.userID
        self.type = type
        self.status = status
        self.statusReason = nil
        self.description = nil
        self.device = device
        self.oath = oath
        self.lockout = Lockout()
        self.times = times
        self.version = 1
    }

    /// Applies a change, and counts it where a reader of views can see it.
    package mutating func change(_ body: (inout Token) -> Void) {
        let before = self
        body(&self)
        let isVisible =
            before.status != status || before.statusReason != statusReason || before.userID != userID
            || before.description != description || before.device != device || before.times != times
            || before.lockout.failures != lockout.failures || before.lockout.lockedUntil != lockout.lockedUntil
        if isVisible { version += 1 }
    }

    /// Name and nature of the token's type, fixed when it was enrolled.
    package struct TypeReference: Equatable, Sendable {
        package let name: String
        package let kind: TokenKind
        package let isHardware: Bool

        package init(name: String, kind: TokenKind, isHardware: Bool) {
            self.name = name
            self.kind = kind
            self.isHardware = isHardware
        }

        package init(_ type: TokenType) {
            self.init(name: type.name, kind: type.kind, isHardware: type.isHardware)
        }
    }

    /// Where the OTP goes, or which device shows it.
    package struct Device: Equatable, Sendable {
        /// SMS, e-mail and virtual tokens.
        package var channel: Channel?
        /// The phone number or e-mail address of SMS and e-mail tokens; nil for virtual ones, whose contact is
        /// the directory's.
        package var address: String?
        /// A new address that still has to be proved (policy `contactChange` = `verify`).
        package var pendingAddress: String?
        package var serial: String?
        package var manufacturer: String?
        package var model: String?
        /// The vendor's delivery that the device came with.
        package var batch: String?
        /// When the device itself ends, whoever holds it.
        package var endOfLife: Instant?

        package init(channel: Channel? = nil, address: String? = nil, serial: String? = nil) {
            self.channel = channel
            self.address = address
            self.serial = serial
        }
    }

    package struct Times: Equatable, Sendable {
        package var createdAt: Instant
        package var activatedAt: Instant?
        /// Moves on changes by an operator, not on use.
        package var updatedAt: Instant
        package var lastUsedAt: Instant?
        package var expiresAt: Instant?
        /// PENDING only: after it the token is OBSOLETE.
        package var activateBefore: Instant?

        package init(createdAt: Instant) {
            self.createdAt = createdAt
            self.updatedAt = createdAt
        }
    }
}

/// Parameters and position of a HOTP or TOTP token, fixed when it was provisioned.
package struct OATHState: Equatable, Sendable {
    package var secret: SealedSecret
    package var algorithm: HashAlgorithm
    package var digits: Int
    /// TOTP: seconds of a step.
    package var period: Int
    /// HOTP: the counter expected next. TOTP: the step after the last accepted one. Never decreases.
    package var movingFactor: Int64
    /// TOTP: steps by which the device was ahead (positive) or behind at its last success.
    package var drift: Int

    package init(
        secret: SealedSecret,
        algorithm: HashAlgorithm,
        digits: Int,
        period: Int,
        movingFactor: Int64 = 0,
        drift: Int = 0
    ) {
        self.secret = secret
        self.algorithm = algorithm
        self.digits = digits
        self.period = period
        self.movingFactor = movingFactor
        self.drift = drift
    }
}

/// A seed, encrypted and bound to its token; only the store's cryptography opens it.
package struct SealedSecret: Equatable, Sendable {
    package let bytes: [UInt8]
    /// Tells equal seeds of a tenant; known where the seed was sealed just now.
    package let digest: KeyedDigest?

    package init(bytes: [UInt8], digest: KeyedDigest? = nil) {
        self.bytes = bytes
        self.digest = digest
    }
}
