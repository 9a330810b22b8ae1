import SMPP
import Settings
import Transport
import Yams

/// `smpp:` of a provider.
extension ProviderSection {
    func readSMSC(_ reader: inout ConfigurationReader) -> SMPPConfiguration? {
        let keys: Set = [
            "host", "port", "tls", "caFile", "systemId", "passwordFile", "systemType", "source", "sourceTon",
            "sourceNpi",
            "window", "enquireLink", "receipts", "timeout", "allowInsecure",
        ]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let endpoint = readEndpoint(mapping, &reader)
        let systemID = readName(mapping, "systemId", max: 15, isRequired: true, &reader)
        let systemType = readName(mapping, "systemType", max: 12, isRequired: false, &reader)
        let password = readPassword(mapping, &reader)
        let source = readSource(mapping, &reader)
        let window = readNumber(mapping, "window", 1...1_000, &reader) ?? 10
        let enquireLink = readEnquireLink(mapping, &reader)
        let wantsReceipts = readSwitch(mapping, "receipts", &reader)
        guard let endpoint, let systemID, let password, let source, let enquireLink else { return nil }
        return SMPPConfiguration(
            endpoint: endpoint,
            bind: BindRequest(systemID: systemID, password: password, systemType: systemType ?? ""),
            source: source,
            window: window,
            enquireLink: enquireLink,
            wantsReceipts: wantsReceipts
        )
    }

    private func readEndpoint(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> StreamEndpoint? {
        let isTLS = readSwitch(mapping, "tls", &reader)
        let port = readNumber(mapping, "port", 1...65_535, &reader) ?? (isTLS ? 3_550 : 2_775)
        let caFile = readCAFile(mapping, &reader)
        guard let host = reader.required(mapping, "host", in: node, path) else { return nil }
        let bracketed = host.contains(":") ? "[\(host)]" : host
        guard let url = ServerURL("smpp://\(bracketed)", schemes: ["smpp": 2_775]), url.rest.isEmpty, url.host == host
        else {
            reader.refuse(mapping["host"], "\(path).host", "a host's name or IP address")
            return nil
        }
        if !isTLS, !url.isLoopback, !allowsInsecure(&reader) {
            reader.refuse(mapping["tls"], "\(path).tls", "false needs allowInsecure: true, but on the loopback")
        }
        return StreamEndpoint(host: host, port: UInt16(port), isTLS: isTLS, caFile: caFile)
    }

    private func readName(
        _ mapping: Node.Mapping,
        _ key: String,
        max: Int,
        isRequired: Bool,
        _ reader: inout ConfigurationReader
    ) -> String? {
        let text = isRequired ? reader.required(mapping, key, in: node, path) : reader.string(mapping, key, path)
        guard let text else { return nil }
        guard text.utf8.count <= max, text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            reader.refuse(mapping[key], "\(path).\(key)", "at most \(max) characters of ASCII, no blank")
            return nil
        }
        return text
    }

    /// SMPP 3.4 has room for 8 characters, many SMSCs for more: as long as theirs is admitted here, and what they don't
    /// take they refuse at the bind.
    private func readPassword(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> String? {
        guard mapping["passwordFile"] != nil else {
            reader.refuse(node, "\(path).passwordFile", "required")
            return nil
        }
        guard let password = reader.secret(mapping, "passwordFile", path) else { return nil }
        guard password.utf8.count <= 64, password.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            reader.refuse(
                mapping["passwordFile"],
                "\(path).passwordFile",
                "holds more than 64 characters, or not ASCII"
            )
            return nil
        }
        return password
    }

    private func readSource(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> Address? {
        let ton = readNumber(mapping, "sourceTon", 0...6, &reader)
        let npi = readNumber(mapping, "sourceNpi", 0...18, &reader)
        guard let text = reader.required(mapping, "source", in: node, path) else { return nil }
        guard let address = Address(source: text) else {
            reader.refuse(
                mapping["source"],
                "\(path).source",
                "a number with +, a short code, or a name of at most 11 characters of ASCII"
            )
            return nil
        }
        let kind = Address.Kind(
            ton: ton.map { UInt8($0) } ?? address.kind.ton,
            npi: npi.map { UInt8($0) } ?? address.kind.npi
        )
        return Address(kind: kind, text: address.text)
    }

    private func readEnquireLink(_ mapping: Node.Mapping, _ reader: inout ConfigurationReader) -> Duration? {
        guard let text = reader.string(mapping, "enquireLink", path) else {
            return mapping["enquireLink"] == nil ? .seconds(30) : nil
        }
        guard let duration = parseDuration(text), (.seconds(1)...(.seconds(3_600))).contains(duration) else {
            reader.refuse(mapping["enquireLink"], "\(path).enquireLink", "a duration from 1s to 1h")
            return nil
        }
        return duration
    }

    /// On unless it is switched off.
    private func readSwitch(_ mapping: Node.Mapping, _ key: String, _ reader: inout ConfigurationReader) -> Bool {
        guard let node = mapping[key] else { return true }
        return reader.flag(mapping, key, path) || node.bool == nil
    }

    private func readNumber(
        _ mapping: Node.Mapping,
        _ key: String,
        _ range: ClosedRange<Int>,
        _ reader: inout ConfigurationReader
    ) -> Int? {
        guard let node = mapping[key] else { return nil }
        guard let number = node.int, range.contains(number) else {
            reader.refuse(node, "\(path).\(key)", "a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }
}
