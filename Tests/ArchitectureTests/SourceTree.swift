import Foundation

/// The project's own sources, as text.
enum SourceTree {
    struct File {
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// Without comments.
        var code: [Substring] {
            lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }
        }

        /// Modules, however they are imported.
        var imports: [String] {
            lines.compactMap { line in
                let match = line.wholeMatch(
                    of: /(?:@\w+ )?(?:package |internal |private |public )?import (?:\w+ )?(\w+)/
                )
                return match.map { String($0.1) }
            }
        }
    }

    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func folders(in path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: path).path)
            .filter { !$0.hasPrefix(".") }
    }

    /// All files below some folders that are text.
    static func files(in paths: [String]) throws -> [File] {
        try paths.flatMap { path in
            let names = FileManager.default.enumerator(atPath: root.appending(path: path).path)
            let wanted = (names?.compactMap { $0 as? String } ?? []).filter { name in
                ["swift", "sql", "py", "pml"].contains { name.hasSuffix(".\($0)") }
            }
            return try wanted.sorted().map { File(path: "\(path)/\($0)", text: try text("\(path)/\($0)")) }
        }
    }

    static func swiftFiles(in path: String) throws -> [File] { try files(in: path, ending: ".swift") }

    static func files(in path: String, ending: String) throws -> [File] {
        let folder = root.appending(path: path)
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        let files = try names.filter { $0.hasSuffix(ending) }.sorted().map { name in
            File(path: "\(path)/\(name)", text: try text("\(path)/\(name)"))
        }
        guard !files.isEmpty else { throw NothingThere(path: path) }
        return files
    }

    struct NothingThere: Error {
        let path: String
    }
}
