/// Why one entry is not taken; becomes a ``SkippedEntry`` where its place is known.
struct SkippedReason: Error {
    let code: SkipCode
    let reason: String

    static func malformed(_ reason: String) -> SkippedReason { SkippedReason(code: .malformed, reason: reason) }
    static func unsupported(_ reason: String) -> SkippedReason {
        SkippedReason(code: .unsupportedAlgorithm, reason: reason)
    }
}

extension SeedFile {
    /// Takes the entry that `read` makes, or notes why there is none.
    ///
    /// - Parameter name: what the file calls the entry; told only where it is a usable serial number.
    mutating func take(_ name: String?, at place: String, _ read: () throws(SkippedReason) -> SeedEntry) {
        do {
            entries.append(try read())
        } catch {
            let serial = name.flatMap(SerialNumber.usable)
            skipped.append(SkippedEntry(serial: serial, place: place, code: error.code, reason: error.reason))
        }
    }

    /// - Throws: `empty` where the file tells of no token at all.
    func checked() throws(UnreadableFile) -> SeedFile {
        guard !entries.isEmpty || !skipped.isEmpty else {
            throw UnreadableFile(.empty, "\(format.rawValue): there is no token in it")
        }
        return self
    }
}
