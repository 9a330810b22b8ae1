/// One numbered step of the schema. Once applied anywhere, its text never changes.
package struct Migration: Hashable, Sendable {
    /// From 1, without gaps in meaning: applied in this order.
    package let number: Int

    /// A few words, for people.
    package let name: String

    /// One or several statements, run in one transaction; no `BEGIN` or `COMMIT` among them. Where the migration is
    /// concurrent: statements without a semicolon inside, that do no harm when they are run again.
    package let sql: String

    /// Whether each statement runs by itself, outside a transaction, as `CREATE INDEX CONCURRENTLY` wants it.
    package let isConcurrent: Bool

    /// The newest migration that a program has to know to work beside this one; 0: every program can. A migration that
    /// takes away names the one whose programs were the first to do without.
    package let needs: Int

    package init(number: Int, name: String, sql: String, isConcurrent: Bool = false, needs: Int = 0) {
        self.number = number
        self.name = name
        self.sql = sql
        self.isConcurrent = isConcurrent
        self.needs = needs
    }
}

/// A schema that can't be brought to this program's version.
package struct MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A migration's text differs from the one that was applied.
        package static let changed = Code(rawValue: "was changed after it had been applied")

        /// The database has migrations that this program does not know: a newer program was here.
        package static let ahead = Code(rawValue: "is in the database and unknown to this program: use a newer one")

        /// The database has a migration beside which this program can't work.
        package static let outgrown = Code(rawValue: "took away what this program uses: use a newer one")

        /// A migration is missing below others that were applied.
        package static let outOfOrder = Code(rawValue: "is missing in the database, though later ones are there")
    }

    package let code: Code
    package let number: Int

    package init(code: Code, number: Int) {
        self.code = code
        self.number = number
    }

    package var description: String { "migration \(number) \(code.rawValue)" }
}
