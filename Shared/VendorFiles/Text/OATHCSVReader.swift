/// OATH CSV: `serial, secret, type, digits, period`, the last three optional, seeds in hexadecimal or Base32.
///
/// A first row with names tells another order, and more columns: so Microsoft's
/// `upn,serial number,secret key,time interval,manufacturer,model` is read too, which many vendors deliver.
enum OATHCSVReader {
    /// Which column holds what.
    struct Layout {
        fileprivate var columns: [Column: Int]
        fileprivate var hasHeader: Bool

        /// nil where the lines are of another form.
        init?(_ lines: ArraySlice<TextLine>) {
            guard let first = lines.first else { return nil }
            if let header = Self.header(first) {
                (columns, hasHeader) = (header, true)
                return
            }
            (columns, hasHeader) = ([.serial: 0, .secret: 1, .type: 2, .digits: 3, .period: 4], false)
            guard lines.contains(where: Self.fits) else { return nil }
        }

        private static func header(_ line: TextLine) -> [Column: Int]? {
            var columns: [Column: Int] = [:]
            for (index, cell) in Self.cells(line).enumerated() {
                guard let column = Column(name: cell), columns[column] == nil else { continue }
                columns[column] = index
            }
            return columns[.serial] != nil && columns[.secret] != nil ? columns : nil
        }

        /// A serial number, what may be a seed, a word for the type if any, and nothing behind the period.
        private static func fits(_ line: TextLine) -> Bool {
            let cells = cells(line)
            guard (2...5).contains(cells.count), SerialNumber.usable(cells[0]) != nil else { return false }
            let isSeed = cells[1].utf8.count >= 16 && cells[1].utf8.allSatisfy(isSeedLetter)
            let type = cells.count > 2 ? cells[2] : ""
            return isSeed && type.utf8.count <= 12 && type.allSatisfy { $0.isLetter || $0 == "-" }
        }

        private static func isSeedLetter(_ letter: UInt8) -> Bool {
            switch letter {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "="):
                true
            default: false
            }
        }

        private static func cells(_ line: TextLine) -> [String] {
            do throws(SkippedReason) {
                return try line.cells()
            } catch {
                return []
            }
        }
    }

    static func read(_ lines: [TextLine], layout: Layout) -> SeedFile {
        var file = SeedFile(format: .oathCSV, entries: [], skipped: [])
        for line in lines.dropFirst(layout.hasHeader ? 1 : 0) {
            let cells: [String]
            do throws(SkippedReason) {
                cells = try line.cells()
            } catch {
                file.skipped.append(SkippedEntry(place: line.place, code: error.code, reason: error.reason))
                continue
            }
            let row = Row(cells: cells, layout: layout)
            file.take(row[.serial], at: line.place) { () throws(SkippedReason) in try row.entry() }
        }
        return file
    }

    fileprivate enum Column: Hashable {
        case serial, secret, type, digits, period, algorithm, counter, manufacturer, model

        init?(name: String) {
            switch name.lowercased().filter({ $0.isLetter }) {
            case "serial", "serialnumber", "serialno", "sn": self = .serial
            case "secret", "secretkey", "seed", "key", "otpkey": self = .secret
            case "type", "kind", "tokentype": self = .type
            case "digits", "otplen", "otplength", "length": self = .digits
            case "period", "timeinterval", "interval", "timestep": self = .period
            case "algorithm", "hash", "hashfunction": self = .algorithm
            case "counter": self = .counter
            case "manufacturer": self = .manufacturer
            case "model": self = .model
            default: return nil
            }
        }
    }

    private struct Row {
        let cells: [String]
        let layout: Layout

        /// nil where the column is not there, or is empty.
        subscript(_ column: Column) -> String? {
            guard let index = layout.columns[column], index < cells.count, !cells[index].isEmpty else { return nil }
            return cells[index]
        }

        func entry() throws(SkippedReason) -> SeedEntry {
            let serial = try SeedField.serial(self[.serial])
            if !layout.hasHeader, cells.count > 5, cells[5...].contains(where: { !$0.isEmpty }) {
                throw .malformed("more than five columns")
            }
            let kind = try kind()
            guard let seed = self[.secret] else { throw .malformed("no seed") }
            var entry = SeedEntry(serial: serial, secret: try SeedField.secret(text: seed), kind: kind)
            if let digits = self[.digits] { entry.digits = try SeedField.digits(digits) }
            // Where no type is said, whoever imports the file may know better than our guess.
            if entry.kind == .totp || self[.type] == nil, let period = self[.period] {
                entry.period = try SeedField.period(period)
            }
            if let algorithm = self[.algorithm] { entry.algorithm = try SeedField.algorithm(algorithm) }
            if entry.kind == .hotp, let counter = self[.counter] { entry.counter = try SeedField.counter(counter) }
            entry.manufacturer = try SeedField.label(self[.manufacturer])
            entry.model = try SeedField.label(self[.model])
            return entry
        }

        /// HOTP where nothing is said; a table without types, but with periods, is one of time tokens.
        private func kind() throws(SkippedReason) -> SeedKind {
            if let type = self[.type] { return try SeedField.kind(type) }
            return layout.columns[.type] == nil && layout.columns[.period] != nil ? .totp : .hotp
        }
    }
}
