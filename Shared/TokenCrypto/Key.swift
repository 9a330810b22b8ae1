/// What a key is for: a key of one ring opens nothing of another's.
package enum Ring: String, CaseIterable, Sendable {
    /// Wraps the data keys under which seeds are stored.
    case kek
    /// The keyed hash of challenge OTPs.
    case otp
    /// What the notifier opens: OTPs and addresses on their way out.
    case notification
    /// What the enrolling application opens: new seeds and recovery codes.
    case provisioning
    /// What senders seal in commands.
    case submission
    /// Records that could not be handled.
    case dlq
    /// Ed25519: signs the audit trail's checkpoints.
    case audit

    /// The type of this ring's keys, as JWK's `kty` tells it.
    var keyType: KeyType { self == .audit ? .okp : .oct }
}

/// JWK's `kty` (RFC 7517 §4.1), of the two that are used here.
enum KeyType: String {
    /// Symmetric (RFC 7518 §6.4).
    case oct
    /// An Ed25519 pair (RFC 8037).
    case okp = "OKP"
}

/// Whether a key still makes something new.
package enum KeyState: String, Sendable {
    /// Seals and opens; at most one in each ring.
    case active
    /// Only opens what it once sealed.
    case retired
}

/// A key of `KEYS_FILE`.
package struct Key: Sendable {
    /// Its name, unique in the file: 1–64 of `A–Z a–z 0–9 . _ ~ : @ -`.
    package let kid: String
    /// What it is for.
    package let ring: Ring
    /// Whether it still makes something new.
    package let state: KeyState
    /// 32 bytes: the AES-256 or HMAC key, or the Ed25519 private key; empty where the key is on a token.
    package let secret: Secret
    /// Where the key is, if not in the file: of ring `kek` only.
    package let location: PKCS11URI?
    /// 32 bytes, of Ed25519 keys only.
    package let publicKey: [UInt8]?
    // The protected headers of what it seals, encoded: they depend on the key's name only.
    let directHeader: [UInt8]
    let wrappingHeader: [UInt8]

    /// A key.
    ///
    /// - Precondition: `kid` is a valid name, `secret` has 32 bytes.
    package init(kid: String, ring: Ring, state: KeyState = .active, secret: Secret) {
        precondition(Self.isValidName(kid) && secret.count == 32, "a key with no fitting name or length")
        self.kid = kid
        self.ring = ring
        self.state = state
        self.secret = secret
        location = nil
        publicKey = ring.keyType == .okp ? Ed25519.publicKey(of: secret) : nil
        directHeader = JWEHeader.encoded(algorithm: .direct, kid: kid)
        wrappingHeader = JWEHeader.encoded(algorithm: .a256KW, kid: kid)
    }

    /// A key-encryption key that stays on its token.
    ///
    /// - Precondition: `kid` is a valid name.
    package init(kid: String, state: KeyState = .active, location: PKCS11URI) {
        precondition(Self.isValidName(kid), "a key with no fitting name")
        self.kid = kid
        ring = .kek
        self.state = state
        secret = Secret([])
        self.location = location
        publicKey = nil
        (directHeader, wrappingHeader) = ([], [])
    }

    /// Whether `name` may name a key: what needs no escape in JSON, and is safe to log.
    package static func isValidName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
                    UInt8(ascii: "@"), UInt8(ascii: "-"):
                    byte != UInt8(ascii: "/")
                default: false
                }
            }
    }
}
