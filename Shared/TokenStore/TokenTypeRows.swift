import Contract
import Postgres
import TokenCore

/// Token types as rows: names and policy are JSON, which only the administrator's choices fill.
enum TokenTypeRows {
    static func decode(_ result: PGResult) throws -> TypeCatalogue {
        TypeCatalogue(
            try result.rows.map { row in
                TokenType(
                    name: result.text(row, 1),
                    kind: try Codes.kind.value(result.int16(row, 2)),
                    isHardware: result.bool(row, 3),
                    names: try names(result.jsonb(row, 4)),
                    policy: try policy(result.jsonb(row, 5)),
                    isRetired: result.bool(row, 6)
                )
            }
        )
    }

    static func encode(names: [String: String]) -> [UInt8] {
        var object = JSONObject()
        for (locale, name) in names.sorted(by: { $0.key < $1.key }) { object[locale] = .string(name) }
        return JSONValue.object(object).serialized()
    }

    static func encode(policy: TypePolicy) -> [UInt8] {
        JSONValue.object(PolicyJSON.choices(of: policy)).serialized()
    }

    private static func names(_ bytes: [UInt8]) throws -> [String: String] {
        guard case .object(let object) = try JSONParser.parse(bytes) else {
            throw StoreError.damagedRow(table: "token_type")
        }
        var names: [String: String] = [:]
        for member in object {
            guard case .string(let name) = member.value else { throw StoreError.damagedRow(table: "token_type") }
            names[member.name] = name
        }
        return names
    }

    private static func policy(_ bytes: [UInt8]) throws -> TypePolicy {
        guard case .object(let object) = try JSONParser.parse(bytes) else {
            throw StoreError.damagedRow(table: "token_type")
        }
        do {
            return try PolicyChange(FieldReader(object)).applied(to: TypePolicy(), kind: nil)
        } catch {
            throw StoreError.damagedRow(table: "token_type")
        }
    }
}
