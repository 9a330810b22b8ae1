import Contract
import TestSupport
import TokenCore
import WorkerRuntime

@testable import Enrollment

/// Where commands are put in as their data and answers come out as theirs.
struct Desk {
    static let start = Instant(seconds: 1_800_000_000)

    var state = WorkingSet()
    var now = Self.start
    var user = UserKey(tenant: "acme", userID: "alice")
    var types = TokenType.builtIn
    var asker = TokenCore.Asker(id: "operator")
    let random = SeededSource(seed: 11)

    var context: DecisionContext {
        DecisionContext(
            now: now,
            user: user,
            catalogue: state.catalogues[user.tenant] ?? TypeCatalogue(types),
            asker: asker,
            cryptography: ClearCryptography(),
            envelopes: ClearEnvelopes(),
            random: random,
            limits: SendingLimits()
        )
    }

    /// Changes the policy of all types.
    mutating func rule(_ change: (inout TypePolicy) -> Void) {
        for index in types.indices { change(&types[index].policy) }
    }

    /// Sends one command.
    mutating func send<Handler: CommandHandler>(_ handler: Handler, _ data: String) throws -> Outcome {
        let command = try Handler.Command(FieldReader(JSON.object(data)))
        return handler.decide(command, &state, context)
    }

    /// Sends a command that has to succeed.
    mutating func ok<Handler: CommandHandler>(_ handler: Handler, _ data: String) throws -> (JSONObject, Outcome) {
        let outcome = try send(handler, data)
        guard case .ok(let result) = outcome.answer else { throw Refused(outcome: outcome) }
        return (result, outcome)
    }

    /// Enrols a token and returns its id.
    mutating func enroll(_ data: String) throws -> String {
        let (result, _) = try ok(EnrollTokenHandler(), data)
        return try JSON.text(JSON.member("token", of: result), "tokenId")
    }
}

struct Refused: Error {
    let outcome: Outcome
}

extension Outcome {
    /// The refusal, where the answer is one.
    var rejection: Rejection? {
        if case .rejected(let rejection) = answer { rejection } else { nil }
    }

    /// Everything that leaves the process, as text.
    var wire: String {
        var parts = events.map { JSON.text($0.data) } + notifications.map { JSON.text($0.content) }
        if case .ok(let result) = answer { parts.append(JSON.text(result)) }
        return parts.joined(separator: "\n")
    }
}

enum JSON {
    struct Unexpected: Error {
        let name: String
    }

    static func object(_ text: String) throws -> JSONObject {
        guard let object = try JSONParser.parse(Array(text.utf8)).objectValue else { throw Unexpected(name: "object") }
        return object
    }

    static func text(_ object: JSONObject) -> String { String(decoding: object.serialized(), as: UTF8.self) }

    static func member(_ name: String, of object: JSONObject) throws -> JSONObject {
        guard let member = object[name]?.objectValue else { throw Unexpected(name: name) }
        return member
    }

    static func text(_ object: JSONObject, _ name: String) throws -> String {
        guard let text = object[name]?.stringValue else { throw Unexpected(name: name) }
        return text
    }
}
