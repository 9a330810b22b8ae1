import Testing

/// `deploy/SECURITY.md` names tests: each has to be there, and the page has to be whole.
@Suite("Threat model")
struct ThreatModelTests {
    private let page: String
    private let rows: [[Substring]]

    init() throws {
        page = try SourceTree.text("deploy/SECURITY.md")
        rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| |") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { cell in
                cell[...].drop { $0 == " " }
            }
        }
    }

    /// What the page writes as code.
    private func names(_ text: some StringProtocol) -> [String] {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    private func isSwift(_ name: String) -> Bool { name.wholeMatch(of: #/[A-Z]\w*Tests\.\w+/#) != nil }

    private func isPython(_ name: String) -> Bool { name.wholeMatch(of: #/test_\w+/#) != nil }

    @Test("each test that is named is in the tree")
    func tests() throws {
        var swift: Set<String> = []
        for file in try SourceTree.swiftFiles(in: "Tests") {
            var suite = ""
            var isTest = false
            for line in file.code {
                if line.first != " ", let match = line.prefixMatch(of: #/(?:final class|struct|extension) (\w+)/#) {
                    suite = String(match.1)
                }
                if line.hasPrefix("    @Test") { isTest = true }
                guard isTest, let match = line.firstMatch(of: #/\bfunc (\w+)\(/#) else { continue }
                swift.insert("\(suite).\(match.1)")
                isTest = false
            }
        }
        var python: Set<String> = []
        for file in try SourceTree.files(in: "Tests/System", ending: ".py") {
            for line in file.lines {
                if let match = line.prefixMatch(of: #/def (test_\w+)\(/#) { python.insert(String(match.1)) }
            }
        }
        let named = names(page)
        let missing = named.filter { isSwift($0) && !swift.contains($0) || isPython($0) && !python.contains($0) }
        #expect(missing.isEmpty)
        #expect(named.count { isSwift($0) || isPython($0) } > 150)
    }

    @Test("a threat names a test, or says by a dash that none of ours can be")
    func threats() {
        let threats = rows.filter { $0.count == 5 && !$0[0].hasPrefix("asset") }
        #expect(threats.count > 50)
        for threat in threats {
            let cited = names(threat[4])
            #expect(cited.contains { isSwift($0) || isPython($0) } || threat[4].hasPrefix("–"), "\(threat[1])")
            #expect(Set(threat[0].split(separator: ", ").map { $0.filter { $0 != " " } }).isSubset(of: Self.kinds))
        }
    }

    private static let kinds: Set<String> = ["S", "T", "R", "I", "D", "E"]

    @Test("all thirty attacks are there, in order, each with its tests")
    func attacks() {
        let attacks = rows.filter { $0.first?.wholeMatch(of: #/A\d+ */#) != nil }
        #expect(attacks.map { $0[0].filter { $0 != " " } } == (1...30).map { "A\($0)" })
        for attack in attacks {
            #expect(attack.count == 4 && names(attack[3]).allSatisfy { isSwift($0) || isPython($0) }, "\(attack[0])")
            #expect(names(attack[3]).count >= 2, "\(attack[0])")
        }
    }
}
