import Postgres

/// What a migration may not do, since workers of the version before are at work: see Shared/TokenStore/Schema/MIGRATIONS.md.
enum MigrationRules {
    /// What is wrong with a migration, with the statement.
    static func violations(_ migration: Migration) -> [String] {
        let statements = statements(migration.sql)
        let made = Set(statements.compactMap { $0.firstMatch(of: tableMade)?.name.lowercased() })
        return statements.flatMap { statement -> [String] in
            if let table = statement.firstMatch(of: tableTouched)?.name.lowercased(), made.contains(table) { return [] }
            return rules.filter { $0.isBroken(statement, migration) }.map { "\($0.text): \(statement)" }
        }
    }

    private struct Rule {
        let text: String
        let isBroken: (String, Migration) -> Bool

        init<Output>(_ text: String, _ pattern: Regex<Output>) {
            self.init(text) { statement, _ in
                actions(statement).contains { $0.contains(pattern.ignoresCase()) }
            }
        }

        /// - Parameter exception: where it is found too, all is well.
        init<Output, Other>(_ text: String, _ pattern: Regex<Output>, unless exception: Regex<Other>) {
            self.init(text) { statement, _ in
                actions(statement).contains {
                    $0.contains(pattern.ignoresCase()) && !$0.contains(exception.ignoresCase())
                }
            }
        }

        init(_ text: String, isBroken: @escaping (String, Migration) -> Bool) {
            self.text = text
            self.isBroken = isBroken
        }
    }

    /// An ALTER TABLE may do several things.
    private static func actions(_ statement: String) -> [Substring] {
        statement.split(separator: /, (?=(?i:ADD|DROP|ALTER|VALIDATE|RENAME|SET)\b)/)
    }

    private static var tableMade: Regex<(Substring, name: Substring)> {
        /^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?<name>\w+)/.ignoresCase()
    }

    private static var tableTouched: Regex<(Substring, name: Substring)> {
        /^(?:ALTER TABLE|CREATE (?:UNIQUE )?INDEX \w+ ON|INSERT INTO|CREATE TRIGGER .* ON) (?:ONLY )?(?<name>\w+)/
            .ignoresCase()
    }

    private static var rules: [Rule] {
        [
            Rule(
                "an index on a table in use is made and dropped CONCURRENTLY",
                /\b(CREATE (UNIQUE )?|DROP )INDEX\b/,
                unless: /\bCONCURRENTLY\b/
            ),
            Rule("what is concurrent, and VALIDATE CONSTRAINT, has a migration of its own") { statement, migration in
                let isConcurrent = statement.contains(/\bCONCURRENTLY\b|\bVALIDATE CONSTRAINT\b/.ignoresCase())
                return isConcurrent != migration.isConcurrent
            },
            Rule("before what is made concurrently goes DROP INDEX CONCURRENTLY IF EXISTS") { statement, migration in
                let made = statement.firstMatch(of: /^CREATE (UNIQUE )?INDEX CONCURRENTLY (?<name>\w+)/.ignoresCase())
                return made.map { !migration.sql.contains("DROP INDEX CONCURRENTLY IF EXISTS \($0.name);") } ?? false
            },
            Rule("what takes away names, in `needs`, the version that did without it first") { statement, migration in
                let pattern = /\bDROP (TABLE|COLUMN|CONSTRAINT|FUNCTION|TRIGGER|VIEW|TYPE|DEFAULT)\b|\bRENAME\b/
                return migration.needs == 0 && statement.contains(pattern.ignoresCase())
            },
            Rule("a column keeps its type: add another", /\bALTER (COLUMN )?\w+ (SET DATA )?TYPE\b/),
            Rule("SET NOT NULL looks at all rows under a lock: CHECK … NOT VALID, then VALIDATE", /\bSET NOT NULL\b/),
            Rule(
                "a new column is null or has a DEFAULT: older programs don't write it",
                /\bADD COLUMN\b.*\bNOT NULL\b/,
                unless: /\bDEFAULT\b/
            ),
            Rule(
                "a value that is computed for each row writes the table anew",
                /\bADD COLUMN\b.*(\bDEFAULT .*\w\(|\bGENERATED\b|\b\w*SERIAL\b)/,
                unless: /\bDEFAULT now\(\)/
            ),
            Rule(
                "what a new column has to obey is added by itself",
                /\bADD COLUMN\b.*\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b/
            ),
            Rule(
                "a constraint is added NOT VALID, or USING INDEX",
                /\bADD (CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b/,
                unless: /\bNOT VALID\b|\bUSING INDEX\b/
            ),
            Rule(
                "rows are changed by the scanner, in small steps",
                /\b(UPDATE \w+ SET|DELETE FROM|TRUNCATE|INSERT INTO .* SELECT)\b/
            ),
            Rule(
                "a table is neither locked nor written anew",
                /\bLOCK TABLE\b|^(VACUUM|CLUSTER|REINDEX)\b|\bSET (TABLESPACE|(UN)?LOGGED|ACCESS METHOD)\b/
            ),
            Rule(
                "the transaction is the migrator's",
                /^(BEGIN|COMMIT|ROLLBACK|START TRANSACTION|SET (LOCAL )?lock_timeout)\b/
            ),
        ]
    }

    /// Without comments and bodies of functions; each on one line. What a DO block does counts.
    private static func statements(_ sql: String) -> [String] {
        sql.replacing(/--[^\n]*/, with: "")
            .replacing(/(?i)(\bCREATE (?:OR REPLACE )?FUNCTION\b[^$]*)\$\$(?:(?!\$\$)[\s\S])*\$\$/) { "\($0.1)" }
            .split(separator: ";")
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            .filter { !$0.isEmpty }
    }
}
