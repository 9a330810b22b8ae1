import Foundation
import TokenCrypto
import Yams

/// Reads YAML nodes, collecting each mistake with file, line and path; values are not quoted, they may be secrets.
struct ConfigurationReader {
    let file: String
    private(set) var mistakes: [String] = []

    init(file: String) {
        self.file = file
    }

    mutating func refuse(_ node: Node?, _ path: String, _ rule: String) {
        let place = node?.mark.map { "\(file):\($0.line)" } ?? file
        mistakes.append("\(place): \(path.isEmpty ? rule : "\(path): \(rule)")")
    }

    /// Adds mistakes of something that has placed them itself.
    mutating func refuse(_ placed: [String]) {
        mistakes += placed
    }

    /// The root of a document; nil where it is no YAML.
    mutating func parse(_ text: String) -> Node? {
        do {
            guard let root = try compose(yaml: text) else {
                refuse(nil, "", "empty")
                return nil
            }
            return root
        } catch let error as YamlError {
            switch error {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                mistakes.append("\(file):\(mark.line): \(problem)")
            case .duplicatedKeysInMapping(let duplicates, let context):
                let keys = duplicates.sorted().joined(separator: ", ")
                mistakes.append("\(file):\(context.mark.line): given twice: \(keys)")
            default: refuse(nil, "", "not YAML")
            }
        } catch {
            refuse(nil, "", "not YAML")
        }
        return nil
    }

    /// A mapping with no other keys than these.
    mutating func mapping(_ node: Node, _ path: String, keys: Set<String>) -> Node.Mapping? {
        guard let mapping = node.mapping else {
            refuse(node, path, "a mapping is expected")
            return nil
        }
        for (key, _) in mapping where key.string.map({ !keys.contains($0) }) ?? true {
            refuse(
                key,
                "\(path.isEmpty ? "" : path + ".")\(key.string ?? "?")",
                "unknown, known are \(keys.sorted().joined(separator: ", "))"
            )
        }
        return mapping
    }

    mutating func string(_ mapping: Node.Mapping, _ key: String, _ path: String) -> String? {
        guard let node = mapping[key] else { return nil }
        guard let text = node.scalar?.string, !text.isEmpty else {
            refuse(node, "\(path).\(key)", "a text is expected")
            return nil
        }
        return text
    }

    mutating func required(_ mapping: Node.Mapping, _ key: String, in node: Node, _ path: String) -> String? {
        guard mapping[key] != nil else {
            refuse(node, "\(path).\(key)", "required")
            return nil
        }
        return string(mapping, key, path)
    }

    mutating func flag(_ mapping: Node.Mapping, _ key: String, _ path: String) -> Bool {
        guard let node = mapping[key] else { return false }
        guard let flag = node.bool else {
            refuse(node, "\(path).\(key)", "true or false")
            return false
        }
        return flag
    }

    mutating func number(_ mapping: Node.Mapping, _ key: String, _ range: ClosedRange<Int>, _ path: String) -> Int? {
        guard let node = mapping[key] else { return nil }
        guard let number = node.int, range.contains(number) else {
            refuse(node, "\(path).\(key)", "a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// A list of texts that is not empty.
    mutating func strings(_ mapping: Node.Mapping, _ key: String, _ path: String) -> [String]? {
        guard let node = mapping[key] else { return nil }
        let texts = node.sequence?.compactMap { $0.scalar?.string } ?? []
        guard !texts.isEmpty, texts.count == node.sequence?.count else {
            refuse(node, "\(path).\(key)", "a list of texts is expected")
            return nil
        }
        return texts
    }

    /// An RFC 6901 pointer that isn't the root.
    mutating func pointer(_ mapping: Node.Mapping, _ key: String, _ path: String) -> String? {
        guard let pointer = string(mapping, key, path) else { return nil }
        guard pointer.hasPrefix("/") else {
            refuse(mapping[key], "\(path).\(key)", "a JSON pointer such as /id")
            return nil
        }
        return pointer
    }

    mutating func choice<Choice>(_ mapping: Node.Mapping, _ key: String, default standard: Choice, _ path: String)
        -> Choice
    where Choice: RawRepresentable & CaseIterable, Choice.RawValue == String {
        guard let text = string(mapping, key, path) else { return standard }
        guard let choice = Choice(rawValue: text) else {
            refuse(mapping[key], "\(path).\(key)", "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return standard
        }
        return choice
    }

    /// The first line of a file that others have no access to, as it stands now; relative paths start at the configuration
    /// file.
    mutating func secret(_ mapping: Node.Mapping, _ key: String, _ path: String) -> String? {
        secretFile(mapping, key, path)?.text
    }

    /// The same for one that may be replaced while it is in use.
    mutating func secretFile(_ mapping: Node.Mapping, _ key: String, _ path: String) -> SecretFile? {
        guard let name = string(mapping, key, path) else { return nil }
        do {
            return try SecretFile(path: resolved(name))
        } catch {
            refuse(mapping[key], "\(path).\(key)", error.description)
            return nil
        }
    }

    func resolved(_ path: String) -> String {
        URL(filePath: path, relativeTo: URL(filePath: file).deletingLastPathComponent()).path
    }
}
