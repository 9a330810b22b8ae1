import Foundation
import Postgres
import TestSupport
import Testing

@testable import TokenStore

@Suite("Database roles")
struct PrivilegeTests {
    @Test("a role has what the catalogue says, table by table and column by column, and nothing else")
    func effective() throws {
        try RoleWorld.runGranted { world in
            for role in DatabaseRole.allCases {
                let expected = role.privileges.lines
                let found = try Set(world.texts(Self.everything(world.name(role))))
                #expect(found.subtracting(expected).sorted() == [], "\(role) has more")
                #expect(expected.subtracting(found).sorted() == [], "\(role) has less")
            }
        }
    }

    /// What a role can do to any object of the schema, to the schema and to the database, by itself or as one of all.
    private static func everything(_ role: String) -> String {
        let relations = """
            pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """
        return """
            SELECT power || ' ' || c.relname || ' ' || a.attname
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS power
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND NOT a.attisdropped AND has_column_privilege('\(role)', c.oid, a.attnum, power)
            UNION ALL
            SELECT power || ' ' || relname FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS power, \(relations)
                AND has_table_privilege('\(role)', c.oid, power)
            UNION ALL
            SELECT power || ' ' || relname FROM unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS power, pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S'
                AND has_sequence_privilege('\(role)', c.oid, power)
            UNION ALL
            SELECT 'EXECUTE ' || p.oid::regprocedure FROM pg_proc p
            WHERE pronamespace = current_schema()::regnamespace AND prorettype <> 'trigger'::regtype
                AND has_function_privilege('\(role)', p.oid, 'EXECUTE')
                -- What runs as whoever calls it gives nobody anything.
                AND (prosecdef OR EXISTS (
                    SELECT FROM aclexplode(proacl) WHERE grantee = '\(role)'::regrole
                ))
            UNION ALL
            SELECT power || ' schema' FROM unnest(ARRAY['USAGE', 'CREATE']) AS power
            WHERE has_schema_privilege('\(role)', current_schema(), power)
            UNION ALL
            SELECT power || ' database' FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS power
            WHERE has_database_privilege('\(role)', current_database(), power)
            """
    }

    @Test("every statement of a service is permitted to its role", arguments: DatabaseRole.allCases)
    func sufficient(role: DatabaseRole) throws {
        try RoleWorld.runGranted { world in
            try world.owner.execute("BEGIN")
            for statement in role.statements {
                let refusal = try world.refusal(of: RoleWorld.bare(statement), as: role)
                #expect(refusal != .insufficientPrivilege, "\(role): \(statement.name)")
                // A row of nulls is refused by the table, which is asked after the rights.
                #expect(refusal == nil || refusal == .notNullViolation, "\(role): \(statement.name): \(refusal as Any)")
            }
            try world.owner.execute("ROLLBACK")
        }
    }

    @Test("a role has no right that none of its statements needs", arguments: DatabaseRole.allCases)
    func necessary(role: DatabaseRole) throws {
        try RoleWorld.runGranted { world in
            let name = world.name(role)
            try world.owner.execute("BEGIN")
            for right in role.privileges.rights {
                let (what, object) = (right.action + (right.column.map { " (\($0))" } ?? ""), right.object)
                let kind = right.action == "EXECUTE" ? "FUNCTION " : ""
                try world.owner.execute("SAVEPOINT taken; REVOKE \(what) ON \(kind)\(object) FROM \(name), PUBLIC")
                let bare = object.prefix { $0 != "(" }
                let isNeeded = try role.statements.contains { statement in
                    guard statement.sql.contains(bare) || statement.sql.contains("user_addresses") else { return false }
                    return try world.refusal(of: RoleWorld.bare(statement), as: role) == .insufficientPrivilege
                }
                #expect(isNeeded, "\(role) does not need \(what) on \(object)")
                try world.owner.execute("ROLLBACK TO taken; RELEASE taken")
            }
            try world.owner.execute("ROLLBACK")
        }
    }

    @Test("every statement of the store is somebody's")
    func complete() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Shared/TokenStore")
        var names: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            guard file.pathExtension == "swift" else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            names.formUnion(text.matches(of: #/Statement\(\s*name: "([a-z_]+)"/#).map { String($0.1) })
        }
        let known = Set(DatabaseRole.allCases.flatMap(\.statements).map(\.name) + DatabaseRole.others)
        #expect(names.count > 90)
        #expect(names.subtracting(known).sorted() == [])
    }

    @Test(
        "what a service must not do is refused",
        arguments: [
            (DatabaseRole.verifier, "DELETE FROM audit_log"),
            (.verifier, "UPDATE audit_log SET outcome = 'ok'"),
            (.verifier, "SELECT FROM audit_log"),
            (.verifier, "TRUNCATE audit_log"),
            (.verifier, "INSERT INTO token (token_id) VALUES (NULL)"),
            (.verifier, "UPDATE token_secret SET sealed = ''"),
            (.verifier, "DELETE FROM user_state"),
            (.verifier, "UPDATE token_type SET policy = '{}'"),
            (.verifier, "DELETE FROM otp_send"),
            (.enrollment, "ALTER TABLE token ADD COLUMN more text"),
            (.enrollment, "DROP TABLE inbox_default"),
            (.enrollment, "CREATE INDEX ON token (digits)"),
            (.enrollment, "DELETE FROM audit_log_default"),
            (.enrollment, "DELETE FROM token"),
            (.enrollment, "DELETE FROM inbox"),
            (.enrollment, "UPDATE inbox SET messages = ''"),
            (.enrollment, "SELECT inbox_partitions_retire(now())"),
            (.notifier, "SELECT sealed FROM token_secret"),
            (.notifier, "SELECT wrapped FROM data_key"),
            (.notifier, "SELECT current_digest FROM challenge"),
            (.notifier, "SELECT address FROM token"),
            (.notifier, "SELECT phone FROM user_contact"),
            (.notifier, "UPDATE challenge SET state = 0"),
            (.notifier, "INSERT INTO audit_log (lane_id) VALUES (1)"),
            (.notifier, "SELECT FROM inbox"),
            (.expiryScanner, "UPDATE user_contact SET phone = NULL"),
            (.expiryScanner, "UPDATE token_secret SET sealed = ''"),
            (.expiryScanner, "UPDATE user_state SET failures = 0"),
            (.expiryScanner, "DELETE FROM token_secret"),
            (.expiryScanner, "DELETE FROM audit_log"),
            (.expiryScanner, "SELECT audit_partitions_retire(now())"),
            (.operator, "SELECT sealed FROM token_secret"),
            (.operator, "DELETE FROM tenant"),
            (.operator, "SELECT messages FROM inbox"),
            (.auditor, "DELETE FROM audit_log"),
            (.auditor, "SELECT audit_partitions_retire(now())"),
            (.auditor, "SELECT address FROM token"),
        ]
    )
    func refused(role: DatabaseRole, sql: String) throws {
        try RoleWorld.runGranted { world in
            try world.owner.execute("BEGIN")
            #expect(try world.refusal(of: sql, as: role) == .insufficientPrivilege)
            try world.owner.execute("ROLLBACK")
        }
    }

    @Test("nobody makes objects, not even temporary ones", arguments: DatabaseRole.allCases)
    func noObjects(role: DatabaseRole) throws {
        try RoleWorld.runGranted { world in
            try world.owner.execute("BEGIN")
            for object in [
                "TABLE mine (a int)", "TEMPORARY TABLE mine (a int)", "SCHEMA mine", "VIEW mine AS SELECT 1",
            ] {
                #expect(try world.refusal(of: "CREATE \(object)", as: role) == .insufficientPrivilege, "\(object)")
            }
            try world.owner.execute("ROLLBACK")
        }
    }

    @Test("what a role was given before is taken; a second time changes nothing; one role may serve several")
    func exactly() throws {
        try RoleWorld.run { world in
            let name = world.name(.notifier)
            try world.owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO \(name)")
            try world.owner.execute("GRANT SELECT (sealed) ON token_secret TO \(name)")
            try world.owner.execute("GRANT CREATE ON SCHEMA public TO \(name)")
            for _ in 0..<2 {
                _ = try RoleGrants.give(to: name, for: [.notifier], .exact, world.owner)
                #expect(
                    try Set(world.texts(Self.everything(name))) == DatabaseRole.notifier.privileges.lines
                )
            }
            _ = try RoleGrants.give(to: name, for: [.notifier, .auditor], .exact, world.owner)
            #expect(
                try Set(world.texts(Self.everything(name)))
                    == (DatabaseRole.notifier.privileges + DatabaseRole.auditor.privileges).lines
            )
        }
    }

    @Test("an installation with one role keeps it: each service's rights are added, the audit's are not")
    func oneRole() throws {
        try RoleWorld.run { world in
            let name = world.name(.enrollment)
            try world.owner.execute("GRANT ALL ON token, audit_log TO \(name)")
            _ = try RoleGrants.give(to: name, for: DatabaseRole.services, .adding, world.owner)
            let found = try Set(world.texts(Self.everything(name)))
            #expect(found.isSuperset(of: DatabaseRole.services.map(\.privileges).reduce(Privileges(), +).lines))
            #expect(found.contains("DELETE token") && !found.contains("DELETE audit_log"))
            #expect(!found.contains("UPDATE audit_log hash") && !found.contains("TRUNCATE audit_log"))
        }
    }

    @Test("what a grant can't take is told: a superuser, a member of the owner, rights of everybody")
    func powers() throws {
        try RoleWorld.run { world in
            let name = world.name(.verifier)
            func powers() throws -> [String] { try RoleGrants.give(to: name, for: [.verifier], .exact, world.owner) }
            #expect(try powers().isEmpty)
            try world.owner.execute("ALTER ROLE \(name) SUPERUSER")
            #expect(try powers().map { $0.prefix(10) } == ["everything"])
            try world.owner.execute(
                "ALTER ROLE \(name) NOSUPERUSER; GRANT TEMPORARY ON DATABASE \(try database(world)) TO \(name)"
            )
            #expect(try powers().map { $0.prefix(14) } == ["make temporary"])
        }
    }

    @Test("what a role lacks is told: each right by itself")
    func lacking() throws {
        try RoleWorld.runGranted { world in
            for role in DatabaseRole.allCases {
                try world.owner.execute("SET ROLE \(world.name(role))")
                #expect(try RoleGrants.missing(for: role, world.owner) == [])
                try world.owner.execute("RESET ROLE")
            }
            let name = world.name(.expiryScanner)
            try world.owner.execute(
                """
                REVOKE SELECT (scan_at) ON token FROM \(name); REVOKE DELETE ON otp_send FROM \(name);
                REVOKE EXECUTE ON FUNCTION inbox_partitions_ahead(date) FROM \(name); SET ROLE \(name)
                """
            )
            #expect(
                try RoleGrants.missing(for: .expiryScanner, world.owner)
                    == ["DELETE ON otp_send", "SELECT (scan_at) ON token", "EXECUTE ON inbox_partitions_ahead(date)"]
            )
            try world.owner.execute("RESET ROLE")
            #expect(try RoleGrants.missing(for: .expiryScanner, world.owner) == [], "the owner lacks nothing")
        }
    }

    private func database(_ world: RoleWorld) throws -> String {
        try world.texts("SELECT quote_ident(current_database())")[0]
    }

    @Test("a role that is not there, or a user who is not the owner, is refused and nothing changes")
    func refusals() throws {
        try RoleWorld.runGranted { world in
            #expect(throws: PostgresError.self) {
                try RoleGrants.give(to: "no_such_role", for: [.verifier], .exact, world.owner)
            }
            try world.owner.execute("SET ROLE \(world.name(.verifier))")
            let error = #expect(throws: PostgresError.self) {
                try RoleGrants.give(to: world.name(.verifier), for: [.enrollment], .exact, world.owner)
            }
            #expect(error?.sqlState == .insufficientPrivilege)
            try world.owner.execute("RESET ROLE")
            #expect(
                try Set(world.texts(Self.everything(world.name(.verifier)))) == DatabaseRole.verifier.privileges.lines
            )
        }
    }
}

extension Privileges {
    /// As the database is asked: one line for each right on each column, table or function.
    fileprivate var lines: Set<String> {
        var lines: Set = ["USAGE schema"]
        for (name, table) in tables {
            for (right, columns) in [("SELECT", table.select), ("INSERT", table.insert), ("UPDATE", table.update)] {
                lines.formUnion(columns.map { "\(right) \(name) \($0)" })
            }
            if table.delete { lines.insert("DELETE \(name)") }
        }
        let long = ["timestamptz": "timestamp with time zone"]
        for function in functions {
            lines.insert(
                "EXECUTE " + long.reduce(function.replacing(", ", with: ",")) { $0.replacing($1.key, with: $1.value) }
            )
        }
        return lines
    }
}
