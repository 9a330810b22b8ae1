import CLibXML2

/// Takes what libxml2 reports and builds elements of it, up to the limits. Outlives the reading of one document.
final class XMLSink {
    private let context: xmlParserCtxtPtr
    private var open: [XMLElement] = []
    private var textLengths: [Int] = []
    private var root: XMLElement?
    private var elementCount = 0
    private var refusal: UnreadableFile?
    /// libxml2 keeps one copy of each name, so its address is as good as the name.
    private var names: [UnsafePointer<xmlChar>: String] = [:]
    private var firstError: (code: Int32, line: Int32)?

    init(_ context: xmlParserCtxtPtr) {
        self.context = context
    }

    /// Puts itself in the place of libxml2's own builder.
    func attach() {
        // The document is UTF-8 by now, whatever it declares. Without XML_PARSE_HUGE libxml2's own limits hold too.
        let options =
            XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue | XML_PARSE_NOERROR.rawValue
            | XML_PARSE_NOWARNING.rawValue
        xmlCtxtUseOptions(context, Int32(options))
        // Borrowed: whoever made the sink holds it until the context is gone.
        context.pointee.userData = Unmanaged.passUnretained(self).toOpaque()
        context.pointee.sax.pointee = Self.makeHandler()
    }

    func result(isWellFormed: Bool) -> Result<XMLElement, UnreadableFile> {
        if let refusal { return .failure(refusal) }
        if let firstError { return .failure(Self.failure(firstError.code, line: firstError.line)) }
        guard isWellFormed, let root else { return .failure(UnreadableFile(.syntax, "no well-formed XML")) }
        return .success(root)
    }

    private var line: Int { context.pointee.input.map { Int($0.pointee.line) } ?? 0 }

    private func refuse(_ reason: UnreadableFile.Reason, _ description: String) {
        if refusal == nil { refusal = UnreadableFile(reason, description) }
        xmlStopParser(context)
    }

    private static func failure(_ code: Int32, line: Int32) -> UnreadableFile {
        switch xmlParserErrors(UInt32(bitPattern: code)) {
        case XML_ERR_UNDECLARED_ENTITY, XML_WAR_UNDECLARED_ENTITY, XML_ERR_ENTITYREF_SEMICOL_MISSING:
            UnreadableFile(.entity, "line \(line): a reference to an entity")
        default: UnreadableFile(.syntax, "line \(line): no well-formed XML")
        }
    }

    // MARK: What libxml2 reports

    private func start(_ element: XMLElement, attributeCount: Int, longestValue: Int) {
        elementCount += 1
        guard open.count < XMLDocument.Limit.depth else {
            return refuse(.tooLarge, "line \(element.line): elements nested deeper than \(XMLDocument.Limit.depth)")
        }
        guard elementCount <= XMLDocument.Limit.elements else {
            return refuse(.tooLarge, "more than \(XMLDocument.Limit.elements) elements")
        }
        guard attributeCount <= XMLDocument.Limit.attributes else {
            return refuse(
                .tooLarge,
                "line \(element.line): an element of more than \(XMLDocument.Limit.attributes) attributes"
            )
        }
        guard longestValue <= XMLDocument.Limit.text else {
            return refuse(.tooLarge, "line \(element.line): an attribute longer than \(XMLDocument.Limit.text) bytes")
        }
        open.append(element)
        textLengths.append(0)
    }

    private func add(_ text: UnsafeBufferPointer<UInt8>) {
        guard let last = open.indices.last else { return }
        textLengths[last] += text.count
        guard textLengths[last] <= XMLDocument.Limit.text else {
            return refuse(.tooLarge, "line \(line): a text longer than \(XMLDocument.Limit.text) bytes")
        }
        open[last].text += String(decoding: text, as: UTF8.self)
    }

    private func end() {
        guard let element = open.popLast() else { return }
        textLengths.removeLast()
        if let last = open.indices.last {
            open[last].children.append(element)
        } else {
            root = element
        }
    }

    private func note(_ error: xmlError) {
        guard error.level != XML_ERR_WARNING, firstError == nil else { return }
        firstError = (error.code, error.line)
    }

    // MARK: From C

    private static func sink(_ data: UnsafeMutableRawPointer?) -> XMLSink? {
        data.map { Unmanaged<XMLSink>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func makeHandler() -> xmlSAXHandler {
        var handler = xmlSAXHandler()
        handler.initialized = 0xDEED_BEAF  // XML_SAX2_MAGIC
        // Called at `<!DOCTYPE name`, before the first of its declarations is read.
        handler.internalSubset = { data, _, _, _ in
            XMLSink.sink(data).map { $0.refuse(.documentType, "line \($0.line): a document type declaration") }
        }
        handler.startElementNs = { data, name, _, uri, _, _, count, _, attributes in
            guard let sink = XMLSink.sink(data) else { return }
            let read = sink.attributes(attributes, count: Int(count))
            let element = XMLElement(
                name: sink.name(name),
                namespace: sink.name(uri),
                line: sink.line,
                attributes: read
            )
            let longest = read.map(\.value.utf8.count).max() ?? 0
            sink.start(element, attributeCount: Int(count), longestValue: longest)
        }
        handler.endElementNs = { data, _, _, _ in XMLSink.sink(data)?.end() }
        let characters: charactersSAXFunc = { data, text, length in
            XMLSink.sink(data)?.add(UnsafeBufferPointer(start: text, count: Int(length)))
        }
        handler.characters = characters
        handler.ignorableWhitespace = characters
        handler.cdataBlock = characters
        handler.serror = { data, error in
            guard let sink = XMLSink.sink(data), let error else { return }
            sink.note(error.pointee)
        }
        return handler
    }

    private func name(_ pointer: UnsafePointer<xmlChar>?) -> String {
        guard let pointer else { return "" }
        if let name = names[pointer] { return name }
        let name = String(cString: pointer)
        names[pointer] = name
        return name
    }

    /// Five pointers for each attribute: name, prefix, namespace, the value's start and its end.
    private func attributes(
        _ pointers: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?,
        count: Int
    ) -> [XMLElement.Attribute] {
        guard let pointers else { return [] }
        return (0..<count).map { index in
            let (start, end) = (pointers[index * 5 + 3], pointers[index * 5 + 4])
            let length = start.flatMap { start in end.map { $0 - start } } ?? 0
            return XMLElement.Attribute(
                name: name(pointers[index * 5]),
                namespace: name(pointers[index * 5 + 2]),
                value: String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
            )
        }
    }
}
