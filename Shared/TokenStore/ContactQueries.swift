import Postgres
import TokenCore

/// The directory's contact data.
enum ContactQueries {
    static let load = Statement(
        name: "contact_load",
        sql: """
            SELECT user_key, phone, email, locale, display_name, revision
            FROM user_contact WHERE user_key = ANY ($1::uuid[])
            """
    )

    static func decode(_ result: PGResult, row: Int) -> (user: UUIDValue, entry: DirectoryEntry) {
        let entry = DirectoryEntry(
            phone: result.optionalText(row, 1),
            email: result.optionalText(row, 2),
            locale: result.optionalText(row, 3),
            displayName: result.optionalText(row, 4),
            revision: result.int64(row, 5)
        )
        return (UUIDValue(result.uuid(row, 0)), entry)
    }

    static let put = Statement(
        name: "contact_put",
        sql: """
            INSERT INTO user_contact (user_key, phone, email, locale, display_name, revision)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
            ON CONFLICT (user_key) DO UPDATE SET
                phone = excluded.phone, email = excluded.email, locale = excluded.locale,
                display_name = excluded.display_name, revision = excluded.revision
            """
    )

    static let remove = Statement(
        name: "contact_remove",
        sql: "DELETE FROM user_contact WHERE user_key = ANY ($1::uuid[])"
    )

    static func changes(_ entries: [(user: UUIDValue, entry: DirectoryEntry)]) -> PipelineStep {
        PipelineStep(
            put,
            [
                .uuids(entries.map { PGUUID($0.user) }),
                .texts(entries.map(\.entry.phone)),
                .texts(entries.map(\.entry.email)),
                .texts(entries.map(\.entry.locale)),
                .texts(entries.map(\.entry.displayName)),
                .int64s(entries.map(\.entry.revision)),
            ]
        )
    }

    static func removal(_ users: [UUIDValue]) -> PipelineStep {
        PipelineStep(remove, [.uuids(users.map { PGUUID($0) })])
    }
}
