package import Contract
package import TokenCore
package import TokenCrypto

/// What a vendor's file holds: the tokens that can be imported, and those that cannot, each with the reason.
package struct SeedFile: Sendable {
    /// How the file was read.
    package var format: VendorFormat
    /// In the order of the file.
    package var entries: [SeedEntry]
    /// In the order of the file.
    package var skipped: [SkippedEntry]
    /// What whoever imports the file should know of it, fit to print.
    package var remarks: [String] = []
}

/// A form of seed files, by the name that people know it by.
package enum VendorFormat: String, Sendable, CaseIterable {
    /// RFC 6030; Feitian's XML files too.
    case pskc = "PSKC"
    case oathCSV = "OATH CSV"
    /// The log of the YubiKey Personalization Tool, in either of its forms.
    case yubicoCSV = "Yubico CSV"
    case safeNetXML = "SafeNet XML"
    case safeNetDat = "SafeNet .dat"
    /// Serial number and seed on a line.
    case feitianText = "Feitian text"
    /// The data of a `token.import` command.
    case importJSON = "token.import JSON"
}

/// What a hardware token counts.
package enum SeedKind: String, Sendable {
    /// Presses of its button (RFC 4226).
    case hotp
    /// Time (RFC 6238).
    case totp
}

/// A seed as the file has it.
package enum SeedSecret: Sendable {
    case clear(Secret)
    /// A JWE that somebody made already; only a `token.import` file has those.
    case sealed(SensitiveText)
}

/// A token that can be imported. What the file does not say is nil: then the token type's policy holds.
package struct SeedEntry: Sendable {
    /// 1 to ``SerialNumber/longest`` bytes, printable.
    package var serial: String
    /// Not judged here: whether it is strong enough is for whoever takes it.
    package var secret: SeedSecret
    /// nil only where ``tokenType`` says it all.
    package var kind: SeedKind?
    /// The token type that the file itself names; only a `token.import` file does.
    package var tokenType: String?
    package var algorithm: HashAlgorithm?
    /// 6 to 8.
    package var digits: Int?
    /// Seconds: 30 or 60.
    package var period: Int?
    /// The next value's counter.
    package var counter: Int64?
    /// Steps by which the device's clock is ahead; negative: it is late.
    package var drift: Int64?
    package var manufacturer: String?
    package var model: String?
    package var batch: String?
    package var expiresAt: Instant?
    /// Whom the token is for; only a `token.import` file says so.
    package var userID: String?
    /// The status that it gets; only a `token.import` file says so.
    package var status: String?

    init(serial: String, secret: SeedSecret, kind: SeedKind?) {
        self.serial = serial
        self.secret = secret
        self.kind = kind
    }
}

/// A token of the file that is not imported.
package struct SkippedEntry: Sendable, Equatable {
    /// Its serial number; nil where it has no usable one.
    package var serial: String?
    /// Where it is: `line 3`, and in XML also the element.
    package var place: String
    package var code: SkipCode
    /// For a person; never a value of the file.
    package var reason: String
}

/// Why an entry is not imported; a closed set.
package enum SkipCode: String, Sendable, CaseIterable {
    /// A field is missing, or is not what it should be.
    case malformed
    /// It is whole, but of a kind that we do not have: OCRA, Yubico OTP, nine digits, …
    case unsupportedAlgorithm = "unsupported_algorithm"
    /// Its value was changed, or was made with another key than the others.
    case wrongMAC = "wrong_mac"
}
