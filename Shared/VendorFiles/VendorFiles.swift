package import TokenCrypto

/// Seed files of hardware tokens: bytes in, values out. No file is opened and nothing is looked up elsewhere.
package enum VendorFiles {
    /// Bytes that a file may have.
    package static let maximumLength = 67_108_864
    /// Tokens that a file may hold.
    package static let maximumTokens = 100_000

    /// Reads a file whose form is told by its content.
    ///
    /// - Parameters:
    ///   - key: the key that was agreed with the vendor, for a PSKC file that is sealed with one.
    ///   - password: the password, for a PSKC file that is sealed with one.
    /// - Throws: why nothing is taken from it.
    package static func read(
        _ bytes: [UInt8],
        key: Secret? = nil,
        password: Secret? = nil
    ) throws(UnreadableFile) -> SeedFile {
        guard bytes.count <= maximumLength else {
            throw UnreadableFile(.tooLarge, "longer than \(maximumLength) bytes")
        }
        let utf8 = try FileText.utf8(bytes)
        let file =
            switch utf8.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
            case UInt8(ascii: "<"): try readXML(utf8, key: key, password: password)
            case UInt8(ascii: "{"): try ImportJSONReader.read(utf8)
            default: try readText(FileText.string(utf8))
            }
        guard file.entries.count + file.skipped.count <= maximumTokens else {
            throw UnreadableFile(.tooLarge, "more than \(maximumTokens) tokens: please split it")
        }
        return try file.checked()
    }

    private static func readXML(
        _ utf8: [UInt8],
        key: Secret?,
        password: Secret?
    ) throws(UnreadableFile) -> SeedFile {
        let root = try XMLDocument.root(of: utf8)
        if PSKCReader.recognizes(root) { return try PSKCReader.read(root, key: key, password: password) }
        if SafeNetXMLReader.recognizes(root) { return SafeNetXMLReader.read(root) }
        if ["KeyContainer", "SecretContainer"].contains(root.name) {
            throw UnreadableFile(.unsupported, "a key container of another version than RFC 6030")
        }
        throw unrecognized
    }

    private static func readText(_ text: String) throws(UnreadableFile) -> SeedFile {
        let lines = TextLine.lines(of: text)
        if SafeNetDatReader.recognizes(lines) { return SafeNetDatReader.read(text) }
        // What a form looks like is seen within a few lines; a whole file is not searched for it.
        let sample = lines.prefix(20)
        if let layout = sample.lazy.compactMap(YubicoCSVReader.Layout.init).first {
            return YubicoCSVReader.read(lines, layout: layout)
        }
        if let layout = OATHCSVReader.Layout(sample) { return OATHCSVReader.read(lines, layout: layout) }
        if sample.contains(where: FeitianTextReader.recognizes) { return FeitianTextReader.read(lines) }
        throw unrecognized
    }

    private static let unrecognized = UnreadableFile(
        .unrecognized,
        "not recognised: neither \(VendorFormat.allCases.dropLast().map(\.rawValue).joined(separator: ", "))"
            + " nor \(VendorFormat.importJSON.rawValue)"
    )
}
