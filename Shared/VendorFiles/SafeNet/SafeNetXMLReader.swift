import TokenCore
import TokenCrypto

/// SafeNet's, once Aladdin's, XML of eToken PASS devices: `Tokens`/`Token serial="…"`, the seed in hexadecimal under
/// `Applications`/`Application`. All of them count presses.
enum SafeNetXMLReader {
    static func recognizes(_ root: XMLElement) -> Bool { root.name == "Tokens" && !root.children("Token").isEmpty }

    static func read(_ root: XMLElement) -> SeedFile {
        var file = SeedFile(format: .safeNetXML, entries: [], skipped: [])
        for token in root.children("Token") {
            file.take(token["serial"], at: "Token in line \(token.line)") { () throws(SkippedReason) in
                try entry(token)
            }
        }
        return file
    }

    private static func entry(_ token: XMLElement) throws(SkippedReason) -> SeedEntry {
        let serial = try SeedField.serial(token["serial"])
        let applications = token.children("Applications").flatMap { $0.children("Application") }
        let seeded = applications.filter { $0.child("Seed") != nil }
        guard let application = seeded.first, let seed = application.child("Seed") else { throw .malformed("no Seed") }
        guard seeded.count == 1 else { throw .malformed("more than one Seed") }
        guard var bytes = Hexadecimal.decode(seed.text.trimmed), !bytes.isEmpty else {
            throw .malformed("a Seed that is not hexadecimal")
        }
        // Devices of the two hashes differ in nothing else that the file says.
        let length = bytes.count
        var entry = SeedEntry(serial: serial, secret: .clear(Secret(consuming: &bytes)), kind: .hotp)
        if length == 32 { entry.algorithm = .sha256 }
        if let factor = application.child("MovingFactor") { entry.counter = try SeedField.counter(factor.text) }
        entry.model = try SeedField.label(token.child("ProductName")?.text)
        return entry
    }
}
