import Contract
import Testing
import TokenCore

@Suite("House rules")
struct HouseRuleTests {
    @Test("a file has one purpose: none is longer than 500 lines, and names say what is in it")
    func files() throws {
        for file in try SourceTree.swiftFiles(in: "Shared") + SourceTree.swiftFiles(in: "Services") {
            #expect(file.lines.count <= 500, "\(file.path)")
            let name = file.path.split(separator: "/").last ?? ""
            for banned in ["Util", "Helper", "Manager", "Common", "Misc", "+"] {
                #expect(!name.contains(banned), "\(file.path)")
            }
        }
    }

    @Test("topics, codes and types stand in their catalogues only")
    func literals() throws {
        let catalogues = ["Shared/Contract/", "Shared/Settings/", "Shared/Telemetry/LogKey.swift"]
        for file in try SourceTree.swiftFiles(in: "Shared") + SourceTree.swiftFiles(in: "Services") {
            guard !catalogues.contains(where: { file.path.contains($0) }) else { continue }
            for line in file.code {
                #expect(!line.contains("\"tokens."), "\(file.path): \(line)")
                #expect(!line.contains("\"usertokens."), "\(file.path): \(line)")
            }
        }
    }

    @Test("the catalogue of rejections is published and only grows")
    func rejectionCodes() throws {
        let published = try SourceTree.text("Tests/ArchitectureTests/rejection-codes.txt").split(separator: "\n")
        #expect(Rejection.Code.all.map(\.rawValue) == published.map(String.init))
        #expect(Set(published).count == published.count)
    }

    @Test("the catalogue of messages is published and only grows")
    func messageTypes() throws {
        let published = try SourceTree.text("Tests/ArchitectureTests/message-types.txt").split(separator: "\n")
        let types = CommandType.all.map(\.rawValue) + EventType.all.map(\.rawValue) + [NotificationType.deliver]
        #expect(types.sorted() == published.map(String.init))
    }

    @Test("no error is swallowed")
    func swallowedErrors() throws {
        for file in try SourceTree.swiftFiles(in: "Shared") + SourceTree.swiftFiles(in: "Services") {
            for line in file.code {
                #expect(!line.contains(#/\btry\? /#), "\(file.path): \(line)")
                #expect(line.wholeMatch(of: #/.*catch *\{ *\}.*/#) == nil, "\(file.path): \(line)")
            }
        }
    }
}
