import Transport
import Yams

/// `twilio:` of a provider: Twilio's Messages resource, which others offer too.
extension ProviderSection {
    /// Seconds, of Twilio's `ValidityPeriod`.
    private static let longestValidity: Int64 = 36_000

    func readTwilio(_ reader: inout ConfigurationReader) -> GatewayConfiguration? {
        let keys: Set = [
            "accountSid", "authTokenFile", "from", "messagingServiceSid", "statusCallback", "url", "onTimeout",
            "receipts", "caFile", "timeout", "allowInsecure",
        ]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let account = readWord(mapping, "accountSid", in: node, &reader)
        let token = reader.secretFile(mapping, "authTokenFile", path)
        if mapping["authTokenFile"] == nil { reader.refuse(node, "\(path).authTokenFile", "required") }
        if (mapping["from"] == nil) == (mapping["messagingServiceSid"] == nil) {
            reader.refuse(node, path, "exactly one of from and messagingServiceSid is needed")
        }
        let receipts = mapping["receipts"]?.mapping ?? [:]
        var fields = ["To={{to}}", "Body={{text}}", "ValidityPeriod={{secondsLeft}}"]
        let own = [
            ("from", "From"), ("messagingServiceSid", "MessagingServiceSid"), ("statusCallback", "StatusCallback"),
        ]
        for (key, field) in own {
            guard let value = reader.string(mapping, key, path) else { continue }
            if value.contains("{{") { reader.refuse(mapping[key], "\(path).\(key)", "holds no placeholder") }
            fields.append("\(field)=\(PlaceholderText.formEscaped(value))")
        }
        for (mapping, key, place) in [(mapping, "statusCallback", path), (receipts, "url", "\(path).receipts")] {
            guard let text = mapping[key]?.scalar?.string else { continue }
            if !isPublic(text) { reader.refuse(mapping[key], "\(place).\(key)", "https://host/path") }
        }
        // Who wants receipts wants to be called.
        if mapping["statusCallback"] == nil, let url = receipts["url"]?.scalar?.string {
            fields.append("StatusCallback=\(PlaceholderText.formEscaped(url))")
        }
        let onTimeout = reader.choice(mapping, "onTimeout", default: AfterTimeout.next, path)
        let caFile = readCAFile(mapping, &reader)
        guard let base = readBase(mapping, &reader), let account, let token else { return nil }
        do {
            return GatewayConfiguration(
                method: "POST",
                url: try PlaceholderText("\(base)/2010-04-01/Accounts/\(account)/Messages.json", escaping: .form),
                headers: [],
                contentType: "application/x-www-form-urlencoded",
                body: try PlaceholderText(fields.joined(separator: "&"), escaping: .form),
                answerID: .pointer("/sid"),
                caFile: caFile,
                login: FileLogin(username: account, password: token),
                onTimeout: onTimeout,
                longestValidity: Self.longestValidity
            )
        } catch {
            reader.refuse(node, path, error.rule)
            return nil
        }
    }

    /// Calls are signed with the account's token, over the URL as Twilio sees it.
    func readTwilioReceipts(_ reader: inout ConfigurationReader) -> ReceiptRules? {
        let place = "\(path).receipts"
        guard let outer = node.mapping, let node = outer["receipts"],
            let mapping = reader.mapping(node, place, keys: ["url"]),
            let url = reader.required(mapping, "url", in: node, place),
            let token = reader.secretFile(outer, "authTokenFile", path)
        else { return nil }
        return ReceiptRules(
            proof: .twilio(url: url, authToken: token),
            idPointer: "/MessageSid",
            statusPointer: "/MessageStatus"
        )
    }

    /// A URL that Twilio may call: as it stands here it goes into signatures.
    private func isPublic(_ text: String) -> Bool {
        ServerURL(text, schemes: ["https": 443]) != nil && text.utf8.allSatisfy { (0x21..<0x7F).contains($0) }
    }

    private func readBase(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> String? {
        let text = reader.string(mapping, "url", path) ?? "https://api.twilio.com"
        guard let url = ServerURL(text, schemes: ["http": 80, "https": 443]), url.rest.isEmpty else {
            reader.refuse(mapping["url"], "\(path).url", "https://host:port without a path")
            return nil
        }
        if url.scheme == "http", !url.isLoopback, !allowsInsecure(&reader) {
            reader.refuse(mapping["url"], "\(path).url", "http needs allowInsecure: true, but on the loopback")
        }
        return text
    }

    private func readWord(
        _ mapping: Node.Mapping,
        _ key: String,
        in node: Node,
        _ reader: inout ConfigurationReader
    ) -> String? {
        guard let word = reader.required(mapping, key, in: node, path) else { return nil }
        guard word.utf8.count <= 100, word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            reader.refuse(mapping[key], "\(path).\(key)", "letters and digits")
            return nil
        }
        return word
    }
}
