/// Why `KEYS_FILE` cannot be used: every mistake, each in one line.
///
/// Safe to log: lines name the file, keys, rings and members, never a value.
package struct KeysError: Error, Equatable, CustomStringConvertible {
    /// One line for each mistake.
    package let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    init(_ problem: String) {
        self.problems = [problem]
    }

    /// The lines.
    package var description: String { problems.joined(separator: "\n") }
}
