import Postgres
import TestSupport
import Testing
import TokenCrypto

@Suite("What retired keys are needed for", .timeLimit(.minutes(3)))
struct KeyReportTests {
    /// A database with its schema, a key file, and the tool for both.
    private static func run(_ body: (Tool, _ path: String, PGConnection) throws -> Void) throws {
        try PrivatePostgres.shared().withDatabase { url in
            try withTemporaryPath { path in
                let tool = Tool().with("POSTGRES_URL", url).with("KEYS_FILE", path)
                try #require(tool.run("migrate").code == 0)
                try #require(tool.run("keys", "init").code == 0)
                let connection = try PGConnection(url, applicationName: "test")
                defer { connection.close() }
                try body(tool, path, connection)
            }
        }
    }

    /// Rotates a ring; gives back the key that retired.
    private static func retire(_ ring: Ring, _ tool: Tool, _ path: String) throws -> Key {
        let old = try #require(try KeyRings.load(path: path).active(ring))
        try #require(tool.run("keys", "rotate", ring.rawValue).code == 0)
        return old
    }

    private static func use(of key: Key, _ tool: Tool) throws -> String? {
        let rows = try tool.run("keys", "status").lines.map { $0.split(separator: "\t") }
        return rows.first { $0[0] == key.kid }.map { String($0[3]) }
    }

    @Test("a key-encryption key is needed while it wraps a data key; then it can be removed")
    func keyEncryptionKey() throws {
        try Self.run { tool, path, connection in
            let old = try Self.retire(.kek, tool, path)
            try connection.execute("INSERT INTO data_key (wrapping_kid, wrapped) VALUES ('\(old.kid)', '\\x00')")
            #expect(try Self.use(of: old, tool) == "needed by 1 data key")
            let refused = try tool.run("keys", "remove", old.kid)
            #expect(refused.code == 1 && refused.errors == "tokenctl: \(old.kid): needed by 1 data key\n")

            let new = try #require(try KeyRings.load(path: path).active(.kek))
            try connection.execute("UPDATE data_key SET wrapping_kid = '\(new.kid)'")
            #expect(try Self.use(of: old, tool) == "unneeded")
            #expect(try tool.run("keys", "remove", old.kid).output == "removed \(old.kid)\n")
            #expect(try KeyRings.load(path: path).key(.kek, kid: old.kid) == nil)
            #expect(try tool.run("keys", "remove", old.kid).code == 66)
            let active = try tool.run("keys", "remove", "--force", new.kid)
            #expect(active.code == 1 && active.errors.contains("is active"))
        }
    }

    @Test("a key of digests is needed by seeds, codes, challenges and commands, each until it is gone")
    func digestKey() throws {
        try Self.run { tool, path, connection in
            let old = try Self.retire(.otp, tool, path)
            #expect(try Self.use(of: old, tool) == "unneeded")
            let tag = Digest.sha256(Array(old.kid.utf8)).prefix(4).map { hexadecimal($0) }.joined()
            let made = "decode('\(tag)' || repeat('ab', 32), 'hex')"
            let other = "decode(repeat('cd', 36), 'hex')"
            try connection.execute(
                """
                INSERT INTO token (token_id, tenant, type_name, kind, hardware, status, created_at, updated_at, version,
                    recovery_digests)
                SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'default', 'recovery', 5, false, 1, now(),
                    now(), 1, CASE n WHEN 1 THEN \(other) || \(made) END
                FROM generate_series(1, 2) n;
                INSERT INTO token_secret VALUES ('00000000-0000-7000-8000-000000000002', '\\x00', \(made));
                INSERT INTO challenge SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 0, 0, now(),
                    '2030-01-01Z', 6, \(other), CASE n WHEN 1 THEN \(other) || \(made) ELSE '' END, 1, now(),
                    gen_random_uuid(), NULL, NULL, 0
                FROM generate_series(1, 3) n;
                INSERT INTO inbox SELECT gen_random_uuid(), 1, n, 0, '2030-01-01Z', \(made), ''
                FROM generate_series(1, 2) n;
                INSERT INTO inbox VALUES (gen_random_uuid(), 1, 3, 0, '2031-01-01Z', \(other), '')
                """
            )
            let use = try #require(try Self.use(of: old, tool))
            #expect(
                use == "needed by 1 seed digest, 1 recovery token, 1 challenge until 2030-01-02T00:00:00.000Z, "
                    + "2 commands until 2030-01-04T00:00:00.000Z"
            )
            #expect(try tool.run("keys", "remove", old.kid).code == 1)
            #expect(try tool.run("keys", "remove", old.kid, "--force").code == 0)
        }
    }

    @Test(
        "keys of messages are kept until the topics have lost them",
        arguments: [Ring.notification, .submission, .dlq]
    )
    func messages(ring: Ring) throws {
        try withTemporaryPath { path in
            let tool = Tool().with("KEYS_FILE", path).with("TOPIC_PREFIX", "my.")
            try #require(tool.run("keys", "init").code == 0)
            let old = try Self.retire(ring, tool, path)
            let use = try #require(try Self.use(of: old, tool))
            #expect(use.hasPrefix("until its messages are gone from my."))
            #expect(try tool.run("keys", "remove", old.kid).code == 1)
            #expect(try tool.run("keys", "remove", old.kid, "--force").code == 0)
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}
