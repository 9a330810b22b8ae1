import Testing

@Suite("A model that is wrong")
struct WrongModelTests {
    /// Steps that show the difference, at most.
    @Test(
        "is found out, and by few steps",
        arguments: [(Rule.allowsTwo, 4), (.keepsOneActive, 3), (.endsSoon, 2)]
    )
    func found(rule: Rule, most: Int) throws {
        for seed in UInt64(1)...40 {
            var generator = Generator(seed: seed)
            let script = Script(rules: [rule], steps: generator.script(length: 40).steps)
            guard script.firstMismatch(checking: .none, disbelieving: rule) != nil else { continue }
            let failure = try #require(script.shrunk(disbelieving: rule))
            #expect(failure.script.steps.count <= most, "seed \(seed): \(failure)")
            #expect(failure.script.rules == [rule])
            #expect(failure.script.firstMismatch(disbelieving: rule) != nil)
            #expect(failure.script.firstMismatch() == nil)
            return
        }
        Issue.record("never found")
    }
}
