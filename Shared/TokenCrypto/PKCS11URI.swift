/// Where a key is that never leaves its token: a PKCS#11 URI (RFC 7512 §2.3).
///
/// It names a token (`token`, `manufacturer`, `model`, `serial`) and a key on it (`object`, `id`, `type=secret-key`).
/// Other attributes and a query are refused: module and PIN are settings, and never in a file of keys.
package struct PKCS11URI: Hashable, Sendable {
    /// Labels of the token, as far as the URI has them.
    package private(set) var token: String?
    package private(set) var manufacturer: String?
    package private(set) var model: String?
    package private(set) var serial: String?
    /// The key's label (`CKA_LABEL`).
    package private(set) var object: String?
    /// The key's identifier (`CKA_ID`).
    package private(set) var id: [UInt8]?

    /// nil where it is none, names no token or no key, or has what is refused.
    package init?(_ text: String) {
        let scheme = "pkcs11:"
        guard text.hasPrefix(scheme), text.utf8.count <= 1_024 else { return nil }
        var names: Set<Substring> = []
        for attribute in text.dropFirst(scheme.count).split(separator: ";", omittingEmptySubsequences: false) {
            let parts = attribute.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, names.insert(parts[0]).inserted, let bytes = Self.decoded(parts[1]),
                !bytes.isEmpty, take(parts[0], bytes)
            else { return nil }
        }
        guard token != nil || serial != nil, object != nil || id != nil else { return nil }
    }

    private mutating func take(_ name: Substring, _ bytes: [UInt8]) -> Bool {
        if name == "id" {
            id = bytes
            return true
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        switch name {
        case "token": token = text
        case "manufacturer": manufacturer = text
        case "model": model = text
        case "serial": serial = text
        case "object": object = text
        case "type": return text == "secret-key"
        default: return false
        }
        return true
    }

    /// Percent-encoding undone; nil for what a path attribute may not have.
    private static func decoded(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = digit(rest.popFirst()), let low = digit(rest.popFirst()) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "/"), 0...0x20, 0x7F...: return nil
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        guard let value = byte.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else { return nil }
        return UInt8(value)
    }
}
