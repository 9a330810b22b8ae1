import Foundation
import TokenCore

/// A site's own texts, read and judged as a whole.
///
/// Files stand in the directory itself, in `types/<token type>/`, in `tenants/<tenant>/` and in
/// `tenants/<tenant>/types/<token type>/`. What begins with a dot is passed over.
struct TextDirectory {
    private(set) var texts: [TextKey: TextTemplate] = [:]
    private(set) var mistakes: [String] = []
    private let root: String

    init(_ root: String) {
        self.root = root
        read("", TextKey.Place(), folders: ["tenants", "types"])
    }

    private mutating func read(_ folder: String, _ place: TextKey.Place, folders: Set<String>) {
        for name in names(folder) {
            let path = folder + name
            if !isFolder(path) {
                read(file: path, name, place)
            } else if folders.contains(name) {
                readAll(path + "/", name, place)
            } else {
                mistakes.append("\(root)/\(path): no folder that has texts")
            }
        }
    }

    /// The folders of tenants, or of token types.
    private mutating func readAll(_ folder: String, _ kind: String, _ place: TextKey.Place) {
        for name in names(folder) {
            let path = folder + name
            guard isFolder(path), isName(name, of: kind) else {
                mistakes.append("\(root)/\(path): no folder named for a \(kind == "tenants" ? "tenant" : "token type")")
                continue
            }
            var place = place
            if kind == "tenants" { place.tenant = name } else { place.tokenType = name }
            read(path + "/", place, folders: kind == "tenants" ? ["types"] : [])
        }
    }

    private mutating func read(file path: String, _ name: String, _ place: TextKey.Place) {
        // Notes and the like may stand beside the texts.
        guard TextKey.Part.allCases.contains(where: { name.hasSuffix("." + $0.rawValue) }) else { return }
        let shown = "\(root)/\(path)"
        guard let key = TextKey(fileName: name, in: place) else {
            mistakes.append("\(shown): no <template>.<channel>.<locale>.txt, .subject or .html")
            return
        }
        guard let data = FileManager.default.contents(atPath: shown), let source = String(data: data, encoding: .utf8)
        else {
            mistakes.append("\(shown): no UTF-8 text")
            return
        }
        do {
            // Editors end a file with a line feed; a subject and an SMS have none.
            let isLine = key.part == .subject || key.channel == .sms
            let trimmed = isLine ? source.trimmingCharacters(in: .newlines) : source
            let template = try TextTemplate(trimmed)
            mistakes += key.mistakes(of: template, trimmed).map { "\(shown):1: \($0)" }
            texts[key] = template
        } catch {
            mistakes.append("\(shown):\(error.line): \(error.rule)")
        }
    }

    private mutating func names(_ folder: String) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
                .filter { !$0.hasPrefix(".") }
        } catch {
            mistakes.append("\(root)\(folder.isEmpty ? "" : "/")\(folder): can't be read")
            return []
        }
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder = ObjCBool(false)
        return FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder) && isFolder.boolValue
    }

    /// `[a-z0-9-]`, as the contract has it: at most 63 of a tenant, 40 of a token type.
    private func isName(_ name: String, of kind: String) -> Bool {
        (1...(kind == "tenants" ? 63 : 40)).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }
}
