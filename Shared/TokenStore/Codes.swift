import TokenCore

/// The small numbers that stand for the core's closed sets in the schema. A number is never given a new meaning.
struct CodeTable<Value: Equatable & Sendable>: Sendable {
    private let values: [Value]
    private let column: String

    init(_ column: String, _ values: [Value]) {
        self.values = values
        self.column = column
    }

    /// - Precondition: the table lists every value of its type; a test compares it with `allCases`.
    func code(_ value: Value) -> Int16 {
        Int16(values.firstIndex(of: value) ?? -1)
    }

    func value(_ code: Int16) throws(StoreError) -> Value {
        guard values.indices.contains(Int(code)) else { throw .unknownCode(column: column) }
        return values[Int(code)]
    }
}

enum Codes {
    static let status = CodeTable<TokenStatus>(
        "token.status",
        [.pending, .active, .disabled, .obsolete, .compromised, .unassigned, .deleted]
    )
    static let kind = CodeTable<TokenKind>("token.kind", [.sms, .email, .virtual, .hotp, .totp, .recovery])
    static let channel = CodeTable<Channel>("token.channel", [.sms, .email])
    static let algorithm = CodeTable<HashAlgorithm>("token.algorithm", [.sha1, .sha256, .sha512])
    static let purpose = CodeTable<Purpose>(
        "challenge.purpose",
        [.login, .approval, .test, .enrollment, .contactChange, .helpdesk]
    )
    static let challengeState = CodeTable<Challenge.State>(
        "challenge.state",
        [.open, .used, .superseded, .void, .exhausted]
    )
    static let delivery = CodeTable<DeliveryState>(
        "delivery.state",
        [.queued, .sent, .delivered, .failed, .dropped]
    )
}

/// The store and this program disagree: a newer program wrote, or the database was changed by hand.
package enum StoreError: Error, CustomStringConvertible, Sendable {
    case unknownCode(column: String)
    case damagedRow(table: String)
    case keyMissing(ring: String)
    /// A key-encryption key that is kept elsewhere cannot be used now.
    case keyUnavailable(reason: String)
    case schemaOutdated(pending: Int)
    /// The role that this program connects as was not given all that its work needs.
    case rightsMissing(DatabaseRole, first: String, count: Int)

    package var description: String {
        switch self {
        case .unknownCode(let column): "unknown code in \(column)"
        case .damagedRow(let table): "damaged row in \(table)"
        case .keyMissing(let ring): "no usable key of ring \(ring)"
        case .keyUnavailable(let reason): reason
        case .schemaOutdated(let pending): "the schema lacks \(pending) migration(s): run `tokenctl migrate`"
        case .rightsMissing(let owner, let first, let count):
            "this role lacks \(first)\(count > 1 ? " and \(count - 1) more" : ""): run `tokenctl grant \(owner.rawValue) ROLE`"
        }
    }
}
