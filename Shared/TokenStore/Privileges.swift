/// What a database role may do to the objects of the schema, by name; more than USAGE of the schema itself it never has.
package struct Privileges: Equatable, Sendable {
    /// What may be done to a table: columns by what may be done to them, and whether rows may be removed.
    package struct Table: Equatable, Sendable {
        package var select: Set<String>
        package var insert: Set<String>
        package var update: Set<String>
        package var delete: Bool

        /// - Parameter select: names of columns, as the others, separated by blanks.
        init(select: String = "", insert: String = "", update: String = "", delete: Bool = false) {
            (self.select, self.insert, self.update) = (Self.names(select), Self.names(insert), Self.names(update))
            self.delete = delete
        }

        private static func names(_ text: String) -> Set<String> {
            Set(text.split(separator: " ").map(String.init))
        }

        fileprivate mutating func add(_ other: Table) {
            select.formUnion(other.select)
            insert.formUnion(other.insert)
            update.formUnion(other.update)
            delete = delete || other.delete
        }

        /// As GRANT names them.
        fileprivate var list: String {
            var parts = [("SELECT", select), ("INSERT", insert), ("UPDATE", update)]
                .filter { !$0.1.isEmpty }
                .map { "\($0.0) (\($0.1.sorted().joined(separator: ", ")))" }
            if delete { parts.append("DELETE") }
            return parts.joined(separator: ", ")
        }
    }

    package private(set) var tables: [String: Table]
    /// With the types of their parameters.
    package private(set) var functions: Set<String>

    init(tables: [String: Table] = [:], functions: Set<String> = []) {
        self.tables = tables
        self.functions = functions
    }

    static func + (one: Privileges, other: Privileges) -> Privileges {
        var sum = one
        for (name, table) in other.tables { sum.tables[name, default: Table()].add(table) }
        sum.functions.formUnion(other.functions)
        return sum
    }

    /// One right by itself.
    struct Right: Hashable {
        /// SELECT, INSERT, UPDATE, DELETE or EXECUTE.
        let action: String
        /// A table or a function.
        let object: String
        /// Of the table; nil where it is on the whole.
        var column: String?
    }

    /// Each right by itself, in a settled order.
    var rights: [Right] {
        var rights: [Right] = []
        for (name, table) in tables.sorted(by: { $0.key < $1.key }) {
            for (action, columns) in [("SELECT", table.select), ("INSERT", table.insert), ("UPDATE", table.update)] {
                rights += columns.sorted().map { Right(action: action, object: name, column: $0) }
            }
            if table.delete { rights.append(Right(action: "DELETE", object: name)) }
        }
        return rights + functions.sorted().map { Right(action: "EXECUTE", object: $0) }
    }

    /// The statements that give them, in a settled order.
    func grants(to role: String, schema: String) -> [String] {
        ["GRANT USAGE ON SCHEMA \(schema) TO \(role)"]
            + tables.sorted { $0.key < $1.key }.map { "GRANT \($0.value.list) ON \($0.key) TO \(role)" }
            + functions.sorted().map { "GRANT EXECUTE ON FUNCTION \($0) TO \(role)" }
    }
}
