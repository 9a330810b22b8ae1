import Foundation
import Settings
import Transport
import Yams

/// The part of a provider that is named after its protocol, `smtp:`, `http:` or `smpp:`. `timeout` and `allowInsecure`
/// may stand in it or beside it.
struct ProviderSection {
    let node: Node
    let path: String
    let outer: Node.Mapping
    let outerPath: String

    func readTimeout(_ reader: inout ConfigurationReader) -> Duration? {
        let found = [(outer, outerPath), (node.mapping ?? [:], path)].filter { $0.0["timeout"] != nil }
        guard let (mapping, place) = found.first else { return .seconds(10) }
        guard found.count == 1, let text = reader.string(mapping, "timeout", place),
            let duration = parseDuration(text), duration > .zero
        else {
            reader.refuse(mapping["timeout"], "\(place).timeout", "one duration: a number above 0 and s, m, h or d")
            return nil
        }
        return duration
    }

    /// `username` and the file of its secret, which go together.
    func readLogin(
        _ mapping: Node.Mapping,
        secret: String = "passwordFile",
        _ reader: inout ConfigurationReader
    ) -> FileLogin? {
        if (mapping["username"] == nil) != (mapping[secret] == nil) {
            reader.refuse(node, path, "username and \(secret) go together")
        }
        let username = reader.string(mapping, "username", path)
        if let username, !isOneLine(username) {
            reader.refuse(mapping["username"], "\(path).username", "one line")
        }
        let file = reader.secretFile(mapping, secret, path)
        return username.flatMap { name in file.map { FileLogin(username: name, password: $0) } }
    }

    func allowsInsecure(_ reader: inout ConfigurationReader) -> Bool {
        let here = reader.flag(node.mapping ?? [:], "allowInsecure", path)
        let beside = reader.flag(outer, "allowInsecure", outerPath)
        return here || beside
    }

    func readCAFile(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> String? {
        guard let name = reader.string(mapping, "caFile", path) else { return nil }
        let file = reader.resolved(name)
        if !FileManager.default.isReadableFile(atPath: file) {
            reader.refuse(mapping["caFile"], "\(path).caFile", "can't be read")
        }
        return file
    }
}
