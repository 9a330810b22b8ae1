import Transport
import Yams

/// `http:` of a provider.
extension ProviderSection {
    func readGateway(_ reader: inout ConfigurationReader) -> GatewayConfiguration? {
        let keys: Set = [
            "url", "method", "headers", "headerFiles", "contentType", "body", "username", "passwordFile", "success",
            "idPointer", "idPattern", "idempotent", "onTimeout", "receipts", "caFile", "timeout", "allowInsecure",
        ]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let method = reader.string(mapping, "method", path) ?? "POST"
        if !["GET", "POST", "PUT"].contains(method) {
            reader.refuse(mapping["method"], "\(path).method", "one of GET, POST, PUT")
        }
        let headers = readHeaders(mapping, &reader)
        let contentType = reader.string(mapping, "contentType", path) ?? "application/json"
        let body = readBody(mapping, contentType, method: method, &reader)
        let answerID = readAnswerID(mapping, &reader)
        let caFile = readCAFile(mapping, &reader)
        let secretHeaders = readHeaderFiles(mapping, &reader)
        let login = readLogin(mapping, &reader)
        if login?.username.contains(":") == true {
            reader.refuse(mapping["username"], "\(path).username", "holds no colon (RFC 7617 §2)")
        }
        let names = headers.map(\.name) + secretHeaders.map(\.name) + (login == nil ? [] : ["authorization"])
        if Set(names.map { $0.lowercased() }).count < names.count {
            reader.refuse(node, path, "a header is set twice by headers, headerFiles and username")
        }
        let success = readSuccess(mapping, &reader)
        let isIdempotent = reader.flag(mapping, "idempotent", path)
        let onTimeout = reader.choice(mapping, "onTimeout", default: AfterTimeout.next, path)
        guard let url = readURL(mapping, &reader) else { return nil }
        let places = url.placeholders + (body?.placeholders ?? []) + headers.flatMap(\.value.placeholders)
        if isIdempotent, !places.contains(.id) {
            reader.refuse(mapping["idempotent"], "\(path).idempotent", "needs {{id}} in url, headers or body")
        }
        return GatewayConfiguration(
            method: method,
            url: url,
            headers: headers,
            contentType: contentType,
            body: body,
            answerID: answerID,
            caFile: caFile,
            secretHeaders: secretHeaders,
            login: login,
            success: success,
            isIdempotent: isIdempotent,
            onTimeout: onTimeout
        )
    }

    private func readHeaderFiles(
        _ mapping: Node.Mapping,
        _ reader: inout ConfigurationReader
    ) -> [(name: String, value: SecretFile)] {
        guard let node = mapping["headerFiles"] else { return [] }
        guard let files = node.mapping else {
            reader.refuse(node, "\(path).headerFiles", "a mapping is expected")
            return []
        }
        return files.compactMap { key, _ in
            let name = key.string ?? ""
            guard isSettable(header: name) else {
                reader.refuse(key, "\(path).headerFiles.\(name)", "no header that may be set")
                return nil
            }
            return reader.secretFile(files, name, "\(path).headerFiles").map { (name, $0) }
        }
    }

    private func readAnswerID(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> AnswerPlace? {
        let pointer = reader.pointer(mapping, "idPointer", path)
        guard let text = reader.string(mapping, "idPattern", path) else { return pointer.map { .pointer($0) } }
        guard mapping["idPointer"] == nil else {
            reader.refuse(mapping["idPattern"], "\(path).idPattern", "not with idPointer")
            return nil
        }
        guard let pattern = AnswerPattern(text) else {
            reader.refuse(mapping["idPattern"], "\(path).idPattern", "a regular expression with one group")
            return nil
        }
        return .pattern(pattern)
    }

    private func readSuccess(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> GatewaySuccess {
        var success = GatewaySuccess()
        let path = "\(path).success"
        guard let node = mapping["success"],
            let inner = reader.mapping(node, path, keys: ["status", "pointer", "values", "retryable"])
        else { return success }
        if let node = inner["status"] {
            let codes = (node.sequence.map(Array.init) ?? [node]).map(\.int)
            let statuses = codes.compactMap { $0 }.filter { (100...599).contains($0) }
            if statuses.count != codes.count || statuses.isEmpty {
                reader.refuse(node, "\(path).status", "a status or a list of them")
            }
            success.statuses = Set(statuses)
        }
        success.word = readWord(inner, in: node, path, &reader)
        if let node = inner["retryable"],
            let inner = reader.mapping(node, "\(path).retryable", keys: ["pointer", "values"])
        {
            success.retryable = readWord(inner, in: node, "\(path).retryable", &reader)
            if inner.isEmpty { reader.refuse(node, "\(path).retryable", "pointer and values are needed") }
        }
        return success
    }

    private func readWord(
        _ mapping: Node.Mapping,
        in node: Node,
        _ path: String,
        _ reader: inout ConfigurationReader
    ) -> AnswerWord? {
        let pointer = reader.pointer(mapping, "pointer", path)
        let values = reader.strings(mapping, "values", path)
        if (mapping["pointer"] == nil) != (mapping["values"] == nil) {
            reader.refuse(node, path, "pointer and values go together")
        }
        return pointer.flatMap { pointer in values.map { AnswerWord(pointer: pointer, values: Set($0)) } }
    }

    private func readURL(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> PlaceholderText? {
        guard let text = reader.required(mapping, "url", in: node, path) else { return nil }
        guard let template = placeholders(text, .form, at: mapping["url"], "\(path).url", &reader) else { return nil }
        // A placeholder must not stand in the host: who gets the message is configuration.
        guard let url = ServerURL(template.literalStart, schemes: ["http": 80, "https": 443]),
            template.placeholders.isEmpty || url.rest.contains("/") || url.rest.contains("?"),
            text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else {
            reader.refuse(mapping["url"], "\(path).url", "https://host:port/path without blanks")
            return nil
        }
        if url.scheme == "http", !url.isLoopback, !allowsInsecure(&reader) {
            reader.refuse(mapping["url"], "\(path).url", "http needs allowInsecure: true, but on the loopback")
        }
        return template
    }

    private func readHeaders(
        _ mapping: Node.Mapping,
        _ reader: inout ConfigurationReader
    ) -> [(name: String, value: PlaceholderText)] {
        guard let node = mapping["headers"] else { return [] }
        guard let fields = node.mapping else {
            reader.refuse(node, "\(path).headers", "a mapping is expected")
            return []
        }
        var headers: [(name: String, value: PlaceholderText)] = []
        for (key, value) in fields {
            let name = key.string ?? ""
            let place = "\(path).headers.\(name)"
            guard isHeaderName(name), let text = value.scalar?.string, isOneLine(text) else {
                reader.refuse(key, place, "a header's name and one line of text")
                continue
            }
            if !isSettable(header: name) {
                reader.refuse(key, place, "is not set here")
            }
            guard let template = placeholders(text, .header, at: value, place, &reader) else { continue }
            if template.placeholders.contains(where: { ![.id, .expiresAt].contains($0) }) {
                reader.refuse(value, place, "only {{id}} and {{expiresAt}} may stand in a header")
            }
            headers.append((name, template))
        }
        return headers
    }

    private func isHeaderName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }

    private func isSettable(header name: String) -> Bool {
        isHeaderName(name)
            && !["content-type", "content-length", "host", "transfer-encoding"].contains(name.lowercased())
    }

    private func readBody(
        _ mapping: Node.Mapping,
        _ contentType: String,
        method: String,
        _ reader: inout ConfigurationReader
    ) -> PlaceholderText? {
        guard let escaping = PlaceholderText.Escaping(contentType: contentType), isOneLine(contentType) else {
            let known = "JSON, XML, application/x-www-form-urlencoded and text/plain"
            reader.refuse(mapping["contentType"], "\(path).contentType", "one that we can escape for: \(known)")
            return nil
        }
        guard let text = reader.string(mapping, "body", path) else {
            if method != "GET", mapping["body"] == nil { reader.refuse(node, "\(path).body", "required") }
            return nil
        }
        guard method != "GET" else {
            reader.refuse(mapping["body"], "\(path).body", "a GET has none")
            return nil
        }
        guard let body = placeholders(text, escaping, at: mapping["body"], "\(path).body", &reader) else { return nil }
        if escaping == .json {
            let sample = body.filled { placeholder in
                switch placeholder {
                case .to: "+41791234567"
                case .secondsLeft: "60"
                case .text, .subject, .id, .expiresAt: "a \"b\"\n\\"
                }
            }
            if !GatewayAnswer.isJSON(sample) {
                reader.refuse(mapping["body"], "\(path).body", "not JSON once it is filled in")
            }
        }
        return body
    }

    private func placeholders(
        _ text: String,
        _ escaping: PlaceholderText.Escaping,
        at node: Node?,
        _ place: String,
        _ reader: inout ConfigurationReader
    ) -> PlaceholderText? {
        do {
            return try PlaceholderText(text, escaping: escaping)
        } catch {
            reader.refuse(node, place, error.rule)
            return nil
        }
    }
}
