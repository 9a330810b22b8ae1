import Foundation

/// A bar on standard error, where that is a terminal; nothing elsewhere.
struct ProgressBar {
    private static let width = 30

    private let total: Int
    private let unit: String
    private let isShown: Bool
    private var done = 0

    init(total: Int, unit: String, isTerminal: Bool = isatty(STDERR_FILENO) == 1) {
        self.total = max(total, 1)
        self.unit = unit
        isShown = isTerminal
        draw()
    }

    mutating func advance(by count: Int) {
        done = min(done + count, total)
        draw()
    }

    /// Takes the bar away, so that what follows begins at a line's start.
    mutating func clear() {
        if isShown { Self.write("\r\u{1B}[K") }
    }

    /// The bar as it is now.
    var text: String {
        let filled = done * Self.width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: Self.width - filled)
        return "\(bar) \(done) of \(total) \(unit)"
    }

    private func draw() {
        if isShown { Self.write("\r\(text)\u{1B}[K") }
    }

    private static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
