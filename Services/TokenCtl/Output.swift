import Foundation

/// Standard output and standard error, unbuffered: what was printed is there even if the process is killed.
enum Output {
    static func line(_ text: String) {
        write(Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    static func line(_ bytes: [UInt8]) {
        write(bytes + [UInt8(ascii: "\n")])
    }

    /// Nothing is added.
    static func write(_ bytes: [UInt8]) {
        FileHandle.standardOutput.write(Data(bytes))
    }

    static func diagnose(_ text: String) {
        FileHandle.standardError.write(Data("tokenctl: \(text)\n".utf8))
    }
}
