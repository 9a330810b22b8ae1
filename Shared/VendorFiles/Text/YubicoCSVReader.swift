import TokenCrypto

/// The log of the YubiKey Personalization Tool. Only rows of OATH-HOTP are of use here; Yubico OTP, static passwords and
/// challenge-response are skipped by name.
enum YubicoCSVReader {
    enum Layout {
        /// `type, time, slot, public id, private id, key, access codes (2), three flags, digits, moving factor, …`
        case traditional
        /// `serial, public id, private id (0: OATH-HOTP), key, access code, time,`
        case yubico

        /// nil where the line is of neither form.
        init?(_ line: TextLine) {
            let cells = YubicoCSVReader.cells(line)
            if cells.count >= 2, Self.isEvent(cells[0].lowercased()) {
                self = .traditional
            } else if (5...8).contains(cells.count), Int64(cells[0]) != nil, Self.isPublicID(cells[1]),
                Hexadecimal.decode(cells[3]) != nil || cells[3] == "0"
            {
                self = .yubico
            } else {
                return nil
            }
        }

        private static func isEvent(_ cell: String) -> Bool {
            ["yubico otp", "oath-hotp", "static password", "challenge-response", "logging start"]
                .contains { cell.hasPrefix($0) }
        }

        private static func isPublicID(_ cell: String) -> Bool {
            cell.utf8.count <= 32 && cell.lowercased().allSatisfy { "cbdefghijklnrtuv".contains($0) }
        }
    }

    /// Rows of both forms may stand in one file; `layout` holds for those that are of neither.
    static func read(_ lines: [TextLine], layout: Layout) -> SeedFile {
        var file = SeedFile(format: .yubicoCSV, entries: [], skipped: [])
        for line in lines {
            let cells = cells(line)
            switch Layout(line) ?? layout {
            case .traditional where cells.first?.lowercased().hasPrefix("logging start") == true: continue
            case .traditional:
                // A static password stands in that column of its rows.
                let name = cells.count > 3 && !cells[0].lowercased().hasPrefix("static") ? cells[3] : nil
                file.take(name, at: line.place) { () throws(SkippedReason) in try traditional(cells) }
            case .yubico:
                if isHeader(cells) { continue }
                file.take(cells.first, at: line.place) { () throws(SkippedReason) in try yubico(cells) }
            }
        }
        return file
    }

    private static func traditional(_ cells: [String]) throws(SkippedReason) -> SeedEntry {
        switch cells[0].lowercased() {
        case "oath-hotp": break
        case "yubico otp": throw .unsupported("a Yubico OTP configuration")
        case let event where event.hasPrefix("static password"): throw .unsupported("a static password")
        case let event where event.hasPrefix("challenge-response"):
            throw .unsupported("a challenge-response configuration")
        default: throw .malformed("no row of this log")
        }
        guard cells.count >= 6 else { throw .malformed("fewer than six columns") }
        var entry = try entry(serial: cells[3], key: cells[5])
        if cells.count > 11, !["", "0"].contains(cells[11]) { entry.digits = try SeedField.digits(cells[11]) }
        if cells.count > 12, !cells[12].isEmpty { entry.counter = try SeedField.counter(cells[12]) }
        return entry
    }

    private static func yubico(_ cells: [String]) throws(SkippedReason) -> SeedEntry {
        guard cells.count >= 4 else { throw .malformed("fewer than four columns") }
        switch cells[2] {
        case "0": return try entry(serial: cells[0], key: cells[3])
        case "": throw .unsupported("a static password")
        default: throw .unsupported("a Yubico OTP configuration")
        }
    }

    private static func entry(serial: String, key: String) throws(SkippedReason) -> SeedEntry {
        let serial = try SeedField.serial(serial)
        guard var bytes = Hexadecimal.decode(key), !bytes.isEmpty else {
            throw .malformed("a key that is not hexadecimal")
        }
        var entry = SeedEntry(serial: serial, secret: .clear(Secret(consuming: &bytes)), kind: .hotp)
        entry.manufacturer = "Yubico"
        return entry
    }

    private static func isHeader(_ cells: [String]) -> Bool {
        (cells.first ?? "").lowercased().hasPrefix("serial")
    }

    private static func cells(_ line: TextLine) -> [String] {
        do throws(SkippedReason) {
            return try line.cells()
        } catch {
            return [line.text]
        }
    }
}
