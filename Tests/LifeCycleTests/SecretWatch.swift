import Contract
import TokenCore
import WorkerRuntime

/// Knows what must not be shown, and looks for it in all that is.
struct SecretWatch {
    /// Base32 texts of seeds, recovery codes, OTPs.
    private var words: Set<String> = Set(Palette.seeds.map { Base32.encode($0) })
    private static let addresses = Palette.phones + Palette.emails

    mutating func add(_ secret: String) { words.insert(secret) }

    /// - Throws: ``Mismatch`` where an answer or event shows a secret, or a notification one outside its seal.
    func check(_ answer: Answer) throws {
        var shown = answer.outcome.events.flatMap(\.data.texts)
        if var result = answer.result {
            // Sealed for the holder.
            result["provisioning"] = nil
            shown += result.texts
        }
        shown += answer.outcome.notifications.compactMap(\.locale) + answer.outcome.notifications.map(\.template)
        // Only what carries an OTP may hold one, sealed as it is.
        for notice in answer.outcome.notifications where !notice.template.hasPrefix("otp") {
            if notice.content.texts.contains(where: words.contains) { throw Mismatch("a notice holds a secret") }
        }
        for text in shown {
            if Self.addresses.contains(text) { throw Mismatch("contact data are shown") }
            if words.contains(text) { throw Mismatch("a secret is shown") }
            guard text.utf8.count > 6 else { continue }
            let parts = text.utf8.split { byte in
                !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) && byte < UInt8(ascii: "A")
            }
            guard parts.count > 1 else { continue }
            for part in parts where part.count >= 6 && words.contains(String(decoding: part, as: UTF8.self)) {
                throw Mismatch("a secret is shown within a text")
            }
        }
    }
}
