import Foundation
import NotificationTexts
import Settings
import TokenCore
import TokenCrypto
import Transport
import Yams

extension NotifierConfiguration {
    /// - Throws: every mistake in the file, one line each.
    init(file: String) throws(ConfigurationError) {
        let text: String?
        do throws(KeysError) {
            let contents = try KeyFileContents.read(path: file, name: "NOTIFIER_CONFIG", access: .readable)
            text = contents.bytes.withBytes { String(validating: $0, as: UTF8.self) }
        } catch {
            throw ConfigurationError(mistakes: error.problems)
        }
        guard let text else { throw ConfigurationError(mistakes: ["\(file): no UTF-8"]) }
        try self.init(yaml: text, file: file)
    }

    /// - Parameter file: names the file in mistakes, and is where relative paths start.
    init(yaml: String, file: String) throws(ConfigurationError) {
        var reader = ConfigurationReader(file: file)
        var channels: [Channel: [ProviderConfiguration]] = [:]
        var templates: String?
        var texts = TextSettings()
        if let root = reader.parse(yaml), let top = reader.mapping(root, "", keys: ["channels", "templates"]) {
            if let node = top["templates"] { (templates, texts) = readTexts(node, &reader) }
            channels = readChannels(top, root, &reader)
        }
        guard reader.mistakes.isEmpty else { throw ConfigurationError(mistakes: reader.mistakes) }
        self.init(channels: channels, templateDirectory: templates, texts: texts)
    }
}

private func readChannels(
    _ top: Node.Mapping,
    _ root: Node,
    _ reader: inout ConfigurationReader
) -> [Channel: [ProviderConfiguration]] {
    guard let node = top["channels"] else {
        reader.refuse(root, "channels", "required")
        return [:]
    }
    guard let mapping = reader.mapping(node, "channels", keys: Set(Channel.allCases.map(\.rawValue))) else {
        return [:]
    }
    var channels: [Channel: [ProviderConfiguration]] = [:]
    var names: Set<String> = []
    for channel in Channel.allCases {
        guard let list = mapping[channel.rawValue] else { continue }
        let path = "channels.\(channel.rawValue)"
        guard let items = list.sequence, !items.isEmpty else {
            reader.refuse(list, path, "a list of providers is expected")
            continue
        }
        channels[channel] = items.enumerated().compactMap { index, item in
            readProvider(item, channel, "\(path)[\(index)]", &names, &reader)
        }
    }
    if channels.isEmpty, reader.mistakes.isEmpty { reader.refuse(node, "channels", "at least one channel is needed") }
    return channels
}

private func readProvider(
    _ node: Node,
    _ channel: Channel,
    _ path: String,
    _ names: inout Set<String>,
    _ reader: inout ConfigurationReader
) -> ProviderConfiguration? {
    let keys: Set = [
        "name", "timeout", "allowInsecure", "concurrency", "circuit", "smtp", "http", "twilio", "smpp",
    ]
    guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
    let name = reader.required(mapping, "name", in: node, path) ?? ""
    if !name.isEmpty {
        if name.utf8.count > 40 || !name.utf8.allSatisfy({ $0 < 0x7F && ($0 > 0x40 || (0x2D...0x3A).contains($0)) }) {
            reader.refuse(mapping["name"], "\(path).name", "letters, digits, '-', '.' and '_', at most 40")
        }
        if !names.insert(name).inserted { reader.refuse(mapping["name"], "\(path).name", "taken by another provider") }
    }
    let kinds = ["smtp", "http", "twilio", "smpp"].filter { mapping[$0] != nil }
    guard kinds.count == 1, let kind = kinds.first, let inner = mapping[kind] else {
        reader.refuse(node, path, "exactly one of smtp, http, twilio and smpp is needed")
        return nil
    }
    let section = ProviderSection(node: inner, path: "\(path).\(kind)", outer: mapping, outerPath: path)
    let (concurrency, circuit) = reader.readPace(mapping, path)
    let timeout = section.readTimeout(&reader)
    var receipts: ReceiptRules?
    let read: ProviderConfiguration.Kind?
    switch (kind, channel) {
    case ("smpp", .sms): read = section.readSMSC(&reader).map { .smpp($0) }
    case ("smtp", .email): read = section.readMail(&reader).map { .smtp($0) }
    case ("twilio", .sms):
        read = section.readTwilio(&reader).map { .http($0) }
        receipts = section.readTwilioReceipts(&reader)
    case ("http", _):
        read = section.readGateway(&reader).map { .http($0) }
        receipts = section.readReceipts(&reader)
    default:
        reader.refuse(inner, section.path, "delivers no \(channel == .sms ? "SMS" : "e-mail")")
        read = nil
    }
    guard let timeout, let read else { return nil }
    return ProviderConfiguration(
        name: name,
        timeout: timeout,
        concurrency: concurrency,
        circuit: circuit,
        receipts: receipts,
        kind: read
    )
}
