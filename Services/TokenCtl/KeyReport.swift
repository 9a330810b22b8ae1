import Contract
import Postgres
import Settings
import TokenCore
import TokenCrypto
import TokenStore
import WorkerRuntime

/// Whether a retired key is still needed, and by what.
enum KeyUse: Equatable {
    /// Nothing needs it any more.
    case unneeded
    /// What needs it, and until when.
    case needed(String)
    /// Cannot be told without the database, or in time.
    case unknown

    /// As the last column of `keys status` says it.
    var text: String {
        switch self {
        case .unneeded: "unneeded"
        case .needed(let what): what
        case .unknown: "unknown"
        }
    }
}

/// Tells of the keys of a file what still needs them.
struct KeyReport {
    let topics: Topics
    /// nil: there is no database to look at.
    let needs: KeyNeeds?

    /// Reads the settings that it needs, connects where `POSTGRES_URL` is set, runs `body`, and closes.
    static func with(_ body: (_ path: String, _ report: KeyReport) throws -> Void) throws {
        let settings = try ToolSettings.read { settings in
            let (path, prefix) = (settings.keysFile(), settings.topicPrefix())
            let retention = settings.inboxRetention()
            let isSet = settings.isSet("POSTGRES_URL")
            return (path: path, prefix: prefix, retention: retention, url: isSet ? settings.database() : nil)
        }
        let topics = Topics(prefix: settings.prefix)
        guard let url = settings.url else {
            try body(settings.path, KeyReport(topics: topics, needs: nil))
            return
        }
        let connection = try PGConnection(url.value, applicationName: "usertokens-tokenctl")
        defer { connection.close() }
        let needs = KeyNeeds(connection, horizonSeconds: settings.retention.components.seconds)
        try body(settings.path, KeyReport(topics: topics, needs: needs))
    }

    func use(of key: Key) throws -> KeyUse {
        if let messages = messages(under: key.ring) { return .needed(messages) }
        guard let found = try needs?.needs(of: key) else { return .unknown }
        return found.isEmpty ? .unneeded : .needed("needed by " + found.map(Self.text).joined(separator: ", "))
    }

    /// What only the topics tell: nothing of them is in the database.
    private func messages(under ring: Ring) -> String? {
        let places: [String]
        switch ring {
        case .kek, .otp: return nil
        case .notification: places = [topics.notifications]
        case .provisioning: places = [topics.replies]
        case .submission: places = [topics.commandsEnrollment, topics.commandsVerification]
        case .dlq: places = topics.read.map(topics.dlq)
        case .audit: return "until no checkpoint that is kept is signed by it"
        }
        return "until its messages are gone from \(places.joined(separator: ", "))"
    }

    private static func text(_ need: KeyNeeds.Need) -> String {
        guard let count = need.count else { return "\(need.kind) that could not be counted in time" }
        let kind = count == 1 ? need.kind.dropLast() : need.kind[...]
        return "\(count) \(kind)" + (need.until.map { " until \($0.rfc3339)" } ?? "")
    }
}
