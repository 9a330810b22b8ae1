import Contract
import TokenCore
import VendorFiles

/// What came of an import, as it is printed.
struct ImportReport {
    /// A token that is there already, as it should be.
    private static let unchanged = "unchanged"

    private struct Skipped {
        /// The serial number, or where there is none the place.
        let name: String
        let code: String
        let reason: String?
    }

    private var imported = 0
    private var skipped: [Skipped]
    private var planned: [String] = []

    /// - Parameter unread: what the file has that cannot be imported.
    init(unread: [SkippedEntry]) {
        skipped = unread.map { entry in
            let name = entry.serial ?? entry.place
            let reason = entry.serial == nil ? entry.reason : "\(entry.place): \(entry.reason)"
            return Skipped(name: name, code: entry.code.rawValue, reason: reason)
        }
    }

    /// Whether all tokens are in the stock now.
    var isComplete: Bool { skipped.allSatisfy { $0.code == Self.unchanged } }

    mutating func add(_ batch: ImportBatch, _ answer: ImportAnswer) {
        switch answer {
        case .done(let count, let refused):
            imported += count
            skipped += refused.map { Skipped(name: $0.serial, code: $0.code, reason: nil) }
        case .rejected(let code): skipped += batch.serials.map { Skipped(name: $0, code: code, reason: nil) }
        }
    }

    /// For `--dry-run`: what would be sent, without a secret.
    mutating func plan(_ batches: [ImportBatch]) {
        for batch in batches {
            imported += batch.entries.count
            planned += batch.entries.map { Self.line($0, type: batch.tokenType) }
            planned.append("1 command: \(batch.entries.count) of \(batch.tokenType), \(batch.data.count) bytes")
        }
    }

    /// The sum, a line for each that was skipped, and a table of the reasons where there are any.
    func lines(isPlan: Bool) -> [String] {
        let done = isPlan ? "would import" : "imported"
        let each = skipped.map { [$0.name, $0.code, $0.reason].compactMap(\.self).joined(separator: "\t") }
        return planned + ["\(done) \(imported), skipped \(skipped.count)"] + each + (skipped.isEmpty ? [] : table(done))
    }

    private func table(_ done: String) -> [String] {
        let counts = Dictionary(grouping: skipped, by: \.code).mapValues(\.count)
        let rows = [(done, imported)] + counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let width = rows.map(\.0.count).max() ?? 0
        let digits = rows.map { String($0.1).count }.max() ?? 0
        return [""]
            + rows.map { name, count in
                let number = String(count)
                return name + String(repeating: " ", count: width - name.count + 2 + digits - number.count) + number
            }
    }

    private static func line(_ entry: SeedEntry, type: String) -> String {
        let details: [String?] = [
            entry.algorithm?.rawValue, entry.digits.map { "\($0) digits" }, entry.period.map { "\($0) s" },
            entry.counter.map { "counter \($0)" }, entry.drift.map { "drift \($0)" }, entry.manufacturer, entry.model,
            entry.expiresAt.map { "until \($0.rfc3339)" },
        ]
        return ([entry.serial, type] + details.compactMap(\.self)).joined(separator: "\t")
    }
}
