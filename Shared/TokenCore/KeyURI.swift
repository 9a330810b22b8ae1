/// The `otpauth://` URI that an authenticator app takes a soft token from, mostly as a QR code.
///
/// It holds the seed: it is handed out once, sealed, and shows itself in no log.
package struct KeyURI: Sendable {
    package let text: String

    /// - Parameters:
    ///   - kind: `hotp` or `totp`.
    ///   - issuer: who runs the service; without a colon.
    ///   - account: whom the app shows beside it.
    package init(kind: TokenKind, seed: [UInt8], state: OATHState, issuer: String, account: String) {
        var query = [
            ("secret", Base32.encode(seed)),
            ("issuer", Self.encode(issuer)),
            ("algorithm", state.algorithm.rawValue),
            ("digits", String(state.digits)),
        ]
        query.append(kind == .hotp ? ("counter", String(state.movingFactor)) : ("period", String(state.period)))
        let parameters = query.map { "\($0)=\($1)" }.joined(separator: "&")
        text = "otpauth://\(kind.rawValue)/\(Self.encode(issuer)):\(Self.encode(account))?\(parameters)"
    }

    /// Percent-encodes all but RFC 3986's unreserved characters, so that no reader can take a byte for syntax; a
    /// blank is `%20`, never `+`.
    private static func encode(_ value: String) -> String {
        var encoded: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

extension KeyURI: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "‹redacted›" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
