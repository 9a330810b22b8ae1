import Contract
import TokenCore
import WorkerRuntime

/// An outcome, as whoever asked sees it.
struct Answer {
    let outcome: Outcome

    var rejection: Rejection? {
        if case .rejected(let rejection) = outcome.answer { rejection } else { nil }
    }

    var result: JSONObject? {
        if case .ok(let result) = outcome.answer { result } else { nil }
    }

    var isOK: Bool { result != nil }

    /// `ok`, `unchanged`, or the rejection's code.
    var word: String {
        guard let result else { return rejection?.code.rawValue ?? "" }
        return result["unchanged"] == .bool(true) ? "unchanged" : "ok"
    }

    /// The member `token` of the result.
    var view: JSONObject? { result?["token"]?.objectValue }

    var events: [String] { outcome.events.map(\.type.name) }

    /// The member `token` of the first event of a type.
    func view(inEvent name: String) -> JSONObject? {
        outcome.events.first { $0.type.name == name }?.data["token"]?.objectValue
    }
}

extension JSONObject {
    func text(_ name: String) -> String? { self[name]?.stringValue }

    func integer(_ name: String) -> Int64? {
        if case .integer(let value)? = self[name] { value } else { nil }
    }

    func instant(_ name: String) -> Instant? { text(name).flatMap { Instant(rfc3339: $0) } }

    /// All texts in the object, however deep.
    var texts: [String] { members.flatMap { $0.value.texts } }
}

extension JSONValue {
    var texts: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let values): values.flatMap(\.texts)
        case .object(let object): object.texts
        case .null, .bool, .integer, .double: []
        }
    }

    static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}

/// The model and the system say different things.
struct Mismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
