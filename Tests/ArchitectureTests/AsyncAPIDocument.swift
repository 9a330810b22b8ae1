import Testing
import Yams

/// `deploy/asyncapi.yaml`, to be looked into by paths.
struct AsyncAPIDocument {
    private let root: [String: Any]

    init() throws {
        root = try #require(try Yams.load(yaml: SourceTree.text("deploy/asyncapi.yaml")) as? [String: Any])
    }

    /// The object at a path of member names.
    func object(_ path: String...) throws -> [String: Any] {
        try path.reduce(root) { place, name in try #require(place[name] as? [String: Any], "\(path)") }
    }

    func schema(_ name: String) throws -> [String: Any] { try object("components", "schemas", name) }

    /// The closed list of a schema.
    func choices(_ name: String) throws -> [String] { try #require(try schema(name)["enum"] as? [String]) }

    /// The members of an object's schema.
    func members(_ name: String) throws -> [String: [String: Any]] {
        try #require(try schema(name)["properties"] as? [String: [String: Any]])
    }

    /// Names of a channel's messages, as `ce_type` has them.
    func messages(_ channel: String) throws -> [String: String] {
        try object("channels", channel, "messages").mapValues { message in
            try #require((message as? [String: Any])?["name"] as? String)
        }
    }

    /// A message's payload schema, by its name within the channel.
    func payload(_ channel: String, _ message: String) throws -> [String: Any] {
        try object("channels", channel, "messages", message, "payload")
    }

    /// What the schema of a command's data is called.
    func schemaName(of payload: [String: Any]) throws -> String {
        let reference = try #require(payload["$ref"] as? String)
        return String(try #require(reference.split(separator: "/").last))
    }
}
