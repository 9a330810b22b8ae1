import TokenCrypto

/// SafeNet's `.dat` of SafeWord: blocks of `key: value`, an empty line between two. `sccTokenData` holds seed (`sccKey`),
/// mode (`E` for presses, `T` for time), digits (`sccPwLen`) and period (`sccTick`).
enum SafeNetDatReader {
    static func recognizes(_ lines: [TextLine]) -> Bool {
        lines.prefix(20).contains { line in
            line.text.hasPrefix("dn: sccAuthenticatorId=") || line.text.hasPrefix("sccAuthenticatorId:")
        }
    }

    static func read(_ text: String) -> SeedFile {
        var file = SeedFile(format: .safeNetDat, entries: [], skipped: [])
        let lines = TextLine.all(of: text).filter { !$0.text.hasPrefix("#") }
        var countsFromElsewhere = false
        for block in lines.split(whereSeparator: \.text.isEmpty) {
            guard let first = block.first else { continue }
            let fields = fields(of: block.map(\.text), separator: ":")
            let data = Self.fields(
                of: (fields["scctokendata"] ?? "").split(separator: ";").map(String.init),
                separator: "="
            )
            file.take(fields["sccauthenticatorid"], at: first.place) { () throws(SkippedReason) in
                try entry(fields, data)
            }
            if data["sccprtime"] != nil { countsFromElsewhere = true }
        }
        if countsFromElsewhere {
            file.remarks.append("some SafeWord time tokens count from 2000-01-01: those need a drift, which is not set")
        }
        return file
    }

    private static func entry(
        _ fields: [String: String],
        _ data: [String: String]
    ) throws(SkippedReason) -> SeedEntry {
        let serial = try SeedField.serial(fields["sccauthenticatorid"])
        guard let key = data["scckey"], !key.isEmpty else { throw .malformed("no sccKey") }
        guard !key.hasPrefix("(") else { throw .unsupported("an encrypted sccKey") }
        guard var bytes = Hexadecimal.decode(key), !bytes.isEmpty else {
            throw .malformed("an sccKey that is not hexadecimal")
        }
        let secret = SeedSecret.clear(Secret(consuming: &bytes))
        var entry: SeedEntry
        switch data["sccmode"]?.uppercased() {
        case "E": entry = SeedEntry(serial: serial, secret: secret, kind: .hotp)
        case "T": entry = SeedEntry(serial: serial, secret: secret, kind: .totp)
        case nil: throw .malformed("no sccMode")
        default: throw .unsupported("an sccMode other than E and T")
        }
        if let digits = data["sccpwlen"] { entry.digits = try SeedField.digits(digits) }
        if entry.kind == .totp, let period = data["scctick"] { entry.period = try SeedField.period(period) }
        if let algorithm = data["crypto"] { entry.algorithm = try SeedField.algorithm(algorithm) }
        entry.model = try SeedField.label(fields["scctokentype"])
        return entry
    }

    /// Names in small letters; the first of a name holds.
    private static func fields(of lines: [String], separator: Character) -> [String: String] {
        var fields: [String: String] = [:]
        for line in lines {
            guard let end = line.firstIndex(of: separator) else { continue }
            let name = line[..<end].trimmed.lowercased()
            if fields[name] == nil { fields[name] = line[line.index(after: end)...].trimmed }
        }
        return fields
    }
}
