import Foundation
import Testing

/// `Tests/Model/README.md` maps the lane protocol's steps to the code, and its interleavings to tests.
@Suite("The page of the lane protocol")
struct ModelPageTests {
    private let page: String

    init() throws { page = try SourceTree.text("Tests/Model/README.md") }

    @Test("every declaration that it names is there")
    func declarations() throws {
        let files = try SourceTree.files(in: ["Shared", "Tests"])
        let references = page.matches(of: /`(\w+\.(swift|sql|py))#(\w+)`/)
        #expect(references.count > 80)
        for reference in references {
            let (name, language, symbol) = (reference.1, reference.2, reference.3)
            let declaration =
                switch language {
                case "sql": #"CREATE FUNCTION \#(symbol)\("#
                case "py": #"\ndef \#(symbol)\("#
                default: #"\b(func|var|let|struct|class|enum) \#(symbol)\b"#
                }
            let pattern = try Regex(declaration)
            let texts = files.filter { $0.path.hasSuffix("/\(name)") }.map(\.text)
            #expect(texts.contains { $0.contains(pattern) }, "\(name)#\(symbol)")
        }
    }

    @Test("every step, mend and interleaving is on it, and no interleaving is tested under another number")
    func completeness() throws {
        let steps = (1...4).map { "T\($0)" } + (1...13).map { "B\($0)" } + ["**Idle**", "**Revoke**", "**Shutdown**"]
        for step in steps + ["**Retention**"] { #expect(page.contains("\n| \(step) |"), "\(step)") }
        for mend in 1...11 { #expect(page.contains(try Regex(#"\n\| \#(mend) \D[^|]*\| [^|]+\| `"#)), "\(mend)") }

        let tests = try SourceTree.swiftFiles(in: "Tests/WorkerRuntimeIntegrationTests")
        for number in 1...15 {
            let row = page.firstMatch(of: try Regex(#"\n\| \#(number) \| [^|]+ \| ([^|]+) \|"#))
            let named = try #require(row?.output[1].substring, "\(number)").matches(of: /#(\w+)/).map { String($0.1) }
            let written = tests.flatMap { file in
                file.text.matches(of: /interleavings? [^:]*:[^{]*? func (\w+)/).filter { match in
                    match.output.0.prefix { $0 != ":" }.split { !$0.isNumber }.contains { $0 == "\(number)" }
                }
                .map { String($0.1) }
            }
            #expect(!written.isEmpty, "\(number)")
            #expect(Set(written).isSubset(of: named), "\(number): \(written)")
        }
    }

    @Test("every search that it names is in the list, and the list searches every model")
    func searches() throws {
        let list = try SourceTree.text("Tests/Model/searches")
        let lines = list.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
        for match in page.matches(of: /`(limit-[\w-]+|one-batch-at-a-time)`/) {
            #expect(lines.contains { $0[3] == match.1 }, "\(match.1)")
        }
        let models = Set(try SourceTree.files(in: ["Tests/Model"]).map(\.path).filter { $0.hasSuffix(".pml") })
        #expect(models == Set(lines.map { "Tests/Model/\($0[2]).pml" }))
        // Each mend is taken back by some search.
        for mend in 1...11 { #expect(lines.contains { $0[1] == "breaks" && $0[3].hasPrefix("\(mend)-") }, "\(mend)") }
    }
}
