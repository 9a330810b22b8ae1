/// A script that fails, and how.
struct Failure: CustomStringConvertible {
    let script: Script
    let mismatch: Mismatch
    /// How many steps there were before it was made short.
    let found: Int

    var description: String {
        "\(mismatch.description): \(found) steps, made \(script.steps.count); to be kept:\n\(script)"
    }
}

extension Script {
    /// Plays the script.
    ///
    /// - Returns: what went wrong, with the steps up to there.
    func firstMismatch(
        checking actions: Play.ActionCheck = .all,
        disbelieving rule: Rule? = nil
    ) -> (mismatch: Mismatch, steps: Int)? {
        var play = Play(rules, disbelieved: rule)
        return firstMismatch(&play, checking: actions)
    }

    func firstMismatch(_ play: inout Play, checking actions: Play.ActionCheck) -> (mismatch: Mismatch, steps: Int)? {
        for (number, step) in steps.enumerated() {
            do {
                try play.perform(step, checking: actions)
            } catch let mismatch as Mismatch {
                return (mismatch, number + 1)
            } catch {
                return (Mismatch("\(step): \(error)"), number + 1)
            }
        }
        return nil
    }

    /// The shortest script found that still fails: without chunks of its steps, without single steps, without rules,
    /// with simpler steps.
    func shrunk(disbelieving rule: Rule? = nil) -> Failure? {
        // What is found without looking at actions is made short faster.
        let isPlain = firstMismatch(checking: .none, disbelieving: rule) != nil
        let actions = isPlain ? Play.ActionCheck.none : .all
        guard var last = firstMismatch(checking: actions, disbelieving: rule) else { return nil }
        var script = Script(rules: rules, steps: Array(steps.prefix(last.steps)))
        let found = script.steps.count
        func take(_ smaller: Script) -> Bool {
            guard let failure = smaller.firstMismatch(checking: actions, disbelieving: rule) else { return false }
            script = Script(rules: smaller.rules, steps: Array(smaller.steps.prefix(failure.steps)))
            last = failure
            return true
        }
        var isShorter = true
        while isShorter {
            isShorter = false
            var size = max(1, script.steps.count / 2)
            while size >= 1 {
                var start = 0
                while start < script.steps.count {
                    var smaller = script
                    smaller.steps.removeSubrange(start..<min(start + size, smaller.steps.count))
                    if take(smaller) { isShorter = true } else { start += size }
                }
                size /= 2
            }
            for rule in script.rules {
                if take(Script(rules: script.rules.filter { $0 != rule }, steps: script.steps)) { isShorter = true }
            }
            for index in script.steps.indices {
                for simpler in script.steps.indices.contains(index) ? script.steps[index].simpler : [] {
                    var smaller = script
                    smaller.steps[index] = simpler
                    if take(smaller) {
                        isShorter = true
                        break
                    }
                }
            }
        }
        return Failure(script: script, mismatch: last.mismatch, found: found)
    }
}
