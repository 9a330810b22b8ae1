/// A statement text under a stable name. A connection prepares it on first use, with binary results.
package struct Statement: Sendable {
    /// Names the prepared statement on the server, and the operation in errors; unique in the program, at most 63 bytes.
    package let name: String

    /// One SQL statement; parameters are `$1`, `$2`, …
    package let sql: String

    /// Whether the statement ends a transaction successfully, so that its command tag must be looked at.
    let isCommit: Bool

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
        isCommit = Self.isCommit(sql)
    }

    /// Whether the first statement of `sql` is `COMMIT` (or its synonym `END`).
    static func isCommit(_ sql: String) -> Bool {
        let word = leadingWord(sql)
        return word == "COMMIT" || word == "END"
    }

    /// The first word of `sql` in capitals: names an operation without quoting any of its values.
    static func leadingWord(_ sql: String) -> String {
        let word = sql.utf8.drop { !isLetter($0) }.prefix(while: isLetter)
        return String(decoding: word.prefix(32), as: UTF8.self).uppercased()
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

extension Statement {
    package static let begin = Statement(name: "begin", sql: "BEGIN")
    package static let commit = Statement(name: "commit", sql: "COMMIT")
    package static let rollback = Statement(name: "rollback", sql: "ROLLBACK")
}
