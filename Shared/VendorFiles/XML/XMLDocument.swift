import CLibXML2

/// XML by libxml2, of the plainest sort: elements, attributes, text. A document type declaration ends the reading before
/// it is looked into, so there are no entities but the five of the language, and nothing is ever fetched.
enum XMLDocument {
    /// How much a document may have of everything.
    enum Limit {
        static let depth = 32
        static let elements = 2_000_000
        static let attributes = 32
        /// Bytes of one element's text, or of an attribute's value.
        static let text = 65_536
        /// Bytes of one tag: libxml2 compares each attribute of a tag with every other.
        static let tag = 131_072
    }

    /// Reads a document of UTF-8, or of ISO 8859-1 or US-ASCII where its declaration says so.
    ///
    /// - Throws: `encoding`, `documentType`, `entity`, `tooLarge`, `syntax`.
    static func root(of bytes: [UInt8]) throws(UnreadableFile) -> XMLElement {
        _ = closed
        // The declaration must be the first; files that people have edited begin with an empty line.
        let trimmed = Array(bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) })
        let utf8 = try decode(trimmed)
        guard TagLengths.areAtMost(Limit.tag, in: utf8) else {
            throw UnreadableFile(.tooLarge, "a tag longer than \(Limit.tag) bytes")
        }
        guard let length = Int32(exactly: utf8.count) else { throw UnreadableFile(.tooLarge, "too long for XML") }
        let result = utf8.withUnsafeBytes { buffer -> Result<XMLElement, UnreadableFile> in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard let context = xmlCreateMemoryParserCtxt(start, length) else {
                return .failure(UnreadableFile(.syntax, "no XML"))
            }
            let sink = XMLSink(context)
            defer {
                xmlFreeParserCtxt(context)
                withExtendedLifetime(sink) {}
            }
            sink.attach()
            xmlParseDocument(context)
            return sink.result(isWellFormed: context.pointee.wellFormed != 0)
        }
        return try result.get()
    }

    /// Set once for the process: no catalogue is read, and whatever asked for a file or an address would get nothing.
    private static let closed: Void = {
        xmlInitParser()
        xmlCatalogSetDefaults(XML_CATA_ALLOW_NONE)
        xmlSetExternalEntityLoader { _, _, _ in nil }
    }()

    /// UTF-8, by the encoding that the declaration names. Other encodings would make the C library load a converter.
    private static func decode(_ bytes: [UInt8]) throws(UnreadableFile) -> [UInt8] {
        switch declaredEncoding(of: bytes)?.lowercased() {
        case nil, "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be": return bytes
        case "iso-8859-1", "latin1": return FileText.utf8(latin1: bytes)
        default: throw UnreadableFile(.encoding, "XML in an encoding other than UTF-8, UTF-16 and ISO-8859-1")
        }
    }

    private static func declaredEncoding(of bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(256), as: UTF8.self)
        guard head.hasPrefix("<?xml"), let end = head.firstRange(of: "?>") else { return nil }
        let match = head[..<end.lowerBound].firstMatch(of: #/\sencoding\s*=\s*["']([^"']*)["']/#)
        return match.map { String($0.1) }
    }
}
