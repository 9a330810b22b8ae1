/// Why a file of keys cannot be used: every mistake, each in one line.
///
/// Safe to log: lines name the file, keys, rings and members, never a value.
package struct KeysError: Error, Equatable, CustomStringConvertible {
    /// One line for each mistake.
    package let problems: [String]

    /// Mistakes, each a line that quotes no value.
    package init(_ problems: [String]) {
        self.problems = problems
    }

    /// One mistake.
    package init(_ problem: String) {
        self.problems = [problem]
    }

    /// The lines.
    package var description: String { problems.joined(separator: "\n") }
}
