import TokenCore
import TokenCrypto

/// A key of a container, with the device that it is in (RFC 6030 §4).
struct PSKCKey {
    let element: XMLElement
    let device: XMLElement?

    /// The serial number as it stands there.
    var name: String? { device?.child("SerialNo")?.text }

    /// The line, and the key's own name where that can be printed.
    var place: String {
        let id = element["Id"].flatMap(SerialNumber.usable)
        return id.map { "Key \($0) in line \(element.line)" } ?? "Key in line \(element.line)"
    }

    /// `Secret`, `Counter`, …
    var values: [XMLElement] { element.child("Data")?.children.filter { $0.namespace == element.namespace } ?? [] }

    /// - Throws: what keeps the key from being imported.
    func entry(_ protection: PSKCProtection) throws(SkippedReason) -> SeedEntry {
        guard let algorithm = element["Algorithm"] else { throw .malformed("a Key without Algorithm") }
        let kind = try PSKCNames.kind(algorithm.trimmed)
        let serial = try SeedField.serial(name)
        try checkPolicy()
        guard let secret = try value("Secret", protection) else { throw .malformed("a Key without Secret") }
        var entry = SeedEntry(serial: serial, secret: .clear(secret), kind: kind)
        try readParameters(into: &entry)
        switch kind {
        case .hotp: entry.counter = try integer("Counter", protection, SeedField.counter)
        case .totp:
            if let period = try integer("TimeInterval", protection, SeedField.counter) {
                entry.period = try SeedField.period(String(period))
            }
            entry.drift = try integer("TimeDrift", protection, SeedField.drift)
        }
        entry.manufacturer = try SeedField.label(device?.child("Manufacturer")?.text)
        entry.model = try SeedField.label(device?.child("Model")?.text)
        entry.expiresAt = try expiry()
        return entry
    }

    private func readParameters(into entry: inout SeedEntry) throws(SkippedReason) {
        guard let parameters = element.child("AlgorithmParameters") else { return }
        if let format = parameters.child("ResponseFormat") {
            guard format["Encoding"] == "DECIMAL" else { throw .unsupported("values that are no decimal digits") }
            guard ["false", "0", nil].contains(format["CheckDigits"] ?? format["CheckDigit"]) else {
                throw .unsupported("values with check digits")
            }
            guard let length = format["Length"] else { throw .malformed("a ResponseFormat without Length") }
            entry.digits = try SeedField.digits(length)
        }
        if let suite = parameters.child("Suite") {
            let name = suite.text.trimmed
            entry.algorithm = try SeedField.algorithm(name.isEmpty ? suite["hashalgo"] ?? "" : name)
        }
    }

    /// A policy that we could not keep forbids the key (RFC 6030 §5).
    private func checkPolicy() throws(SkippedReason) {
        guard let policy = element.child("Policy") else { return }
        let usages = policy.children("KeyUsage").map(\.text.trimmed)
        guard usages.isEmpty || usages.contains("OTP") else { throw .unsupported("a key for another use than OTP") }
        let mode = policy.child("PINPolicy")?["PINUsageMode"]
        guard mode == nil || mode == "Local" else { throw .unsupported("values that contain a PIN") }
    }

    private func expiry() throws(SkippedReason) -> Instant? {
        var dates: [Instant] = []
        for parent in [element.child("Policy"), device] {
            if let date = parent?.child("ExpiryDate") { dates.append(try SeedField.instant(date.text)) }
        }
        return dates.min()
    }

    // MARK: Values

    /// A value's bytes.
    private func value(_ name: String, _ protection: PSKCProtection) throws(SkippedReason) -> Secret? {
        guard let element = try only(name) else { return nil }
        if let encrypted = element.child("EncryptedValue") {
            return try protection.open(element, encrypted: encrypted)
        }
        guard let text = element.child("PlainValue")?.text else { throw .malformed("a \(name) without value") }
        guard var bytes = Base64.decode(text), !bytes.isEmpty else { throw .malformed("a \(name) that is no Base64") }
        if element.child("ValueMAC") != nil { try protection.check(element, over: bytes) }
        return Secret(consuming: &bytes)
    }

    /// A number: decimal where it is clear; up to 8 bytes, the highest first, where it is encrypted (§4.2).
    private func integer(
        _ name: String,
        _ protection: PSKCProtection,
        _ read: (String) throws(SkippedReason) -> Int64
    ) throws(SkippedReason) -> Int64? {
        guard let element = try only(name) else { return nil }
        guard let encrypted = element.child("EncryptedValue") else {
            guard let text = element.child("PlainValue")?.text else { throw .malformed("a \(name) without value") }
            if element.child("ValueMAC") != nil { try protection.check(element, over: Array(text.trimmed.utf8)) }
            return try read(text)
        }
        let bytes = try protection.open(element, encrypted: encrypted)
        guard (1...8).contains(bytes.count) else { throw .malformed("a \(name) that is no number") }
        let word = bytes.withBytes { bytes in bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        // Only a drift has a sign: its first bit, where it is as long as a schema type is.
        let isSigned = name == "TimeDrift" && (bytes.count == 4 || bytes.count == 8)
        let shift = isSigned ? 64 - 8 * bytes.count : 0
        return try read(isSigned ? String(Int64(bitPattern: word << UInt64(shift)) >> Int64(shift)) : String(word))
    }

    private func only(_ name: String) throws(SkippedReason) -> XMLElement? {
        let found = values.filter { $0.name == name }
        guard found.count <= 1 else { throw .malformed("more than one \(name)") }
        guard let element = found.first else { return nil }
        guard element.child("PlainValue") == nil || element.child("EncryptedValue") == nil else {
            throw .malformed("a \(name) both clear and encrypted")
        }
        return element
    }
}
