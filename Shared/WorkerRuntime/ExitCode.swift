/// An end of the process with a line for each thing that a person has to mend.
package struct ProcessExit: Error, Sendable {
    /// sysexits.h: a setting, a key file or the schema is wrong; starting again does not help.
    package static let configuration: Int32 = 78
    /// sysexits.h: a bug, or a set-up that no waiting mends.
    package static let software: Int32 = 70

    package let code: Int32
    package let lines: [String]

    package init(code: Int32, lines: [String]) {
        self.code = code
        self.lines = lines
    }
}
