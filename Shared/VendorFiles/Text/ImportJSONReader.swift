import Contract
import TokenCore
import TokenCrypto

/// The data of a `token.import` command: `{"tokenType": …, "tokens": [{"serial": …, "secret": …}, …]}`, of any length.
enum ImportJSONReader {
    static func read(_ utf8: [UInt8]) throws(UnreadableFile) -> SeedFile {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(utf8)
        } catch {
            throw UnreadableFile(.syntax, "\(error)")
        }
        guard let object = value.objectValue, case .array(let tokens)? = object["tokens"] else {
            throw UnreadableFile(.unrecognized, "not recognised: JSON, but no data of token.import")
        }
        let type: String?
        switch object["tokenType"] {
        case nil: type = nil
        case .string(let name)?: type = name
        default: throw UnreadableFile(.syntax, "tokenType is no text")
        }
        var file = SeedFile(format: .importJSON, entries: [], skipped: [])
        for (index, token) in tokens.enumerated() {
            let fields = token.objectValue ?? JSONObject()
            file.take(fields["serial"]?.stringValue, at: "tokens[\(index)]") { () throws(SkippedReason) in
                try ImportedToken(fields).entry(type: type)
            }
        }
        return file
    }
}

/// One member of `tokens`.
private struct ImportedToken {
    let fields: JSONObject

    init(_ fields: JSONObject) { self.fields = fields }

    func entry(type: String?) throws(SkippedReason) -> SeedEntry {
        let serial = try SeedField.serial(text("serial"))
        guard let secret = try text("secret") else { throw .malformed("no secret") }
        var entry = SeedEntry(serial: serial, secret: try Self.secret(secret), kind: nil)
        entry.tokenType = type
        entry.counter = try integer("counter")
        guard (entry.counter ?? 0) >= 0 else { throw .malformed("a counter below 0") }
        entry.drift = try integer("drift")
        if let digits = try integer("digits") { entry.digits = try SeedField.digits(String(digits)) }
        if let period = try integer("period") { entry.period = try SeedField.period(String(period)) }
        if let algorithm = try text("algorithm") { entry.algorithm = try SeedField.algorithm(algorithm) }
        entry.manufacturer = try SeedField.label(text("manufacturer"))
        entry.model = try SeedField.label(text("model"))
        entry.batch = try SeedField.label(text("batch"))
        if let expiry = try text("expiresAt") { entry.expiresAt = try SeedField.instant(expiry) }
        entry.userID = try text("userId")
        entry.status = try text("status")
        return entry
    }

    private static func secret(_ text: String) throws(SkippedReason) -> SeedSecret {
        if text.hasPrefix("eyJ") {
            guard text.utf8.count <= 4_096 else { throw .malformed("a sealed secret that is too long") }
            return .sealed(SensitiveText(text))
        }
        // Base32 alone, as in the command: hexadecimal would be read as another seed there.
        guard text.utf8.count <= 1_024, var bytes = TokenCrypto.Base32.decode(text), !bytes.isEmpty else {
            throw .malformed("the secret is no Base32")
        }
        return .clear(Secret(consuming: &bytes))
    }

    private func text(_ name: String) throws(SkippedReason) -> String? {
        switch fields[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        default: throw .malformed("\(name) is no text")
        }
    }

    private func integer(_ name: String) throws(SkippedReason) -> Int64? {
        switch fields[name] {
        case nil, .null?: return nil
        case .integer(let number)?: return number
        default: throw .malformed("\(name) is no integer")
        }
    }
}
