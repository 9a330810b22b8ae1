import Transport
import Yams

/// `http:` of a provider.
extension ProviderSection {
    func readGateway(_ reader: inout ConfigurationReader) -> GatewayConfiguration? {
        let keys: Set = [
            "url", "method", "headers", "contentType", "body", "idPointer", "caFile", "timeout", "allowInsecure",
        ]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let method = reader.string(mapping, "method", path) ?? "POST"
        if !["GET", "POST", "PUT"].contains(method) {
            reader.refuse(mapping["method"], "\(path).method", "one of GET, POST, PUT")
        }
        let headers = readHeaders(mapping, &reader)
        let contentType = reader.string(mapping, "contentType", path) ?? "application/json"
        let body = readBody(mapping, contentType, method: method, &reader)
        let pointer = reader.string(mapping, "idPointer", path)
        if let pointer, !pointer.hasPrefix("/") {
            reader.refuse(mapping["idPointer"], "\(path).idPointer", "a JSON pointer such as /id")
        }
        let caFile = readCAFile(mapping, &reader)
        guard let url = readURL(mapping, &reader) else { return nil }
        return GatewayConfiguration(
            method: method,
            url: url,
            headers: headers,
            contentType: contentType,
            body: body,
            idPointer: pointer,
            caFile: caFile
        )
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
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            guard isName, let text = value.scalar?.string, isOneLine(text) else {
                reader.refuse(key, place, "a header's name and one line of text")
                continue
            }
            if ["content-type", "content-length", "host", "transfer-encoding"].contains(name.lowercased()) {
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
            let sample = body.filled { $0 == .to ? "+41791234567" : "a \"b\"\n\\" }
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
