package import Postgres

/// Gives the site's database roles what they may do.
package enum RoleGrants {
    /// How much of what a role has already is taken from it.
    package enum Extent: Sendable {
        /// What it needs, and no more: whatever else of the schema it was given is taken away.
        case exact
        /// What it needs is added; only the power to change audit rows is taken away.
        case adding
    }

    /// Gives a role what its owners need, all at once; doing it again changes nothing. The role and everybody else
    /// can make no object, not even a temporary one.
    ///
    /// - Parameters:
    ///   - role: as it was created; its tables have to be the connection's user's.
    ///   - owners: who connects as the role.
    /// - Returns: what the role can do all the same, which is not this schema's owner's to take.
    /// - Throws: `PostgresError`, 42704 where there is no such role, 42501 where the connection's user is not the owner.
    package static func give(
        to role: String,
        for owners: [DatabaseRole],
        _ extent: Extent,
        _ connection: PGConnection
    ) throws(PostgresError) -> [String] {
        let name = "\"" + role.replacing("\"", with: "\"\"") + "\""
        do {
            try connection.execute("BEGIN")
            let lock = try connection.query(lock)
            withExtendedLifetime(lock) {}
            let place = try connection.query(place)
            let schema = place.text(0, 0)
            var statements = [
                "REVOKE CREATE ON SCHEMA \(schema) FROM PUBLIC",
                "REVOKE TEMPORARY ON DATABASE \(place.text(0, 1)) FROM PUBLIC",
            ]
            switch extent {
            case .exact:
                let objects = try connection.query(objects)
                statements += objects.rows.map { "REVOKE ALL ON \(objects.text($0, 0)) FROM \(name)" }
            case .adding:
                statements.append("REVOKE UPDATE, DELETE, TRUNCATE ON audit_log FROM \(name)")
            }
            let privileges = owners.map(\.privileges).reduce(Privileges(), +)
            for statement in statements + privileges.grants(to: name, schema: schema) {
                try connection.execute(statement)
            }
            let left = try connection.query(powers, [.text(role)])
            try connection.commit()
            return left.rows.map { left.text($0, 0) }
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// What an executable's role lacks, as GRANT would name it; empty for a superuser, the owner, or a role that was
    /// given enough by hand.
    static func missing(for owner: DatabaseRole, _ connection: PGConnection) throws(PostgresError) -> [String] {
        let rights = owner.privileges.rights
        let result = try connection.query(
            lacking,
            [.texts(rights.map(\.action)), .texts(rights.map(\.object)), .texts(rights.map(\.column))]
        )
        return result.rows.map { result.text($0, 0) }
    }

    private static let lacking = Statement(
        name: "grant_lacking",
        sql: """
            SELECT action || coalesce(' (' || quote_ident(attribute) || ')', '') || ' ON ' || object
            FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (action, object, attribute)
            WHERE NOT CASE
                WHEN action = 'EXECUTE' THEN has_function_privilege(object, action)
                WHEN attribute IS NULL THEN has_table_privilege(object, action)
                ELSE has_column_privilege(object, attribute, action)
            END
            """
    )

    /// Two that change one object's rights at the same time would fail.
    private static let lock = Statement(
        name: "grant_lock",
        sql: "SELECT pg_advisory_xact_lock(7310868735421905022)"
    )

    private static let place = Statement(
        name: "grant_place",
        sql: "SELECT quote_ident(current_schema()), quote_ident(current_database())"
    )

    /// The schema, and what in it is the user's own: partitions among it, and what other programs have put there not.
    private static let objects = Statement(
        name: "grant_objects",
        sql: """
            SELECT 'SCHEMA ' || quote_ident(current_schema())
            UNION ALL
            SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || oid::regclass
            FROM pg_class
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND pg_has_role(relowner, 'USAGE')
            UNION ALL
            SELECT 'ROUTINE ' || oid::regprocedure FROM pg_proc
            WHERE pronamespace = current_schema()::regnamespace AND pg_has_role(proowner, 'USAGE')
            """
    )

    /// What no grant of this schema gives or takes.
    private static let powers = Statement(
        name: "grant_powers",
        sql: """
            SELECT power FROM pg_roles, LATERAL (VALUES
                (rolsuper, 'everything: it is a superuser'),
                (
                    NOT rolsuper AND pg_has_role(rolname, current_user, 'MEMBER'),
                    'what the schema''s owner can: it is a member of that role, or that role itself'
                ),
                (
                    NOT rolsuper AND has_schema_privilege(rolname, current_schema(), 'CREATE'),
                    'make objects in this schema: its owner has to take CREATE from it'
                ),
                (
                    NOT rolsuper AND has_database_privilege(rolname, current_database(), 'TEMPORARY'),
                    'make temporary objects: the database''s owner has to take TEMPORARY from PUBLIC'
                )
            ) AS powers (has, power)
            WHERE rolname = $1::text AND has
            """
    )
}
