import Transport
import Yams

/// `smtp:` of a provider.
extension ProviderSection {
    private enum StartTLS: String, CaseIterable {
        case required, optional, none
    }

    func readMail(_ reader: inout ConfigurationReader) -> RelayConfiguration? {
        let keys: Set = [
            "url", "startTLS", "from", "auth", "username", "passwordFile", "tokenFile", "caFile", "timeout",
            "allowInsecure",
        ]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let startTLS = reader.choice(mapping, "startTLS", default: StartTLS.required, path)
        let from = reader.required(mapping, "from", in: node, path)
        let mailbox = from.flatMap(Mailbox.init)
        if from != nil, mailbox == nil {
            reader.refuse(mapping["from"], "\(path).from", "an address, or Name <address>")
        }
        let mechanism = readMechanism(mapping, &reader)
        let (secret, other) =
            mechanism == .xoauth2 ? ("tokenFile", "passwordFile") : ("passwordFile", "tokenFile")
        if mapping[other] != nil { reader.refuse(mapping[other], "\(path).\(other)", "is not for this auth") }
        let login = readLogin(mapping, secret: secret, &reader)
        let caFile = readCAFile(mapping, &reader)
        guard let text = reader.required(mapping, "url", in: node, path) else { return nil }
        guard let url = ServerURL(text, schemes: ["smtp": 587, "smtps": 465]), url.rest.isEmpty else {
            reader.refuse(mapping["url"], "\(path).url", "smtp://host:port or smtps://host:port")
            return nil
        }
        let isImplicit = url.scheme == "smtps"
        if isImplicit, mapping["startTLS"] != nil {
            reader.refuse(mapping["startTLS"], "\(path).startTLS", "smtps is TLS from the start")
        }
        if !isImplicit, startTLS == .none, !url.isLoopback, !allowsInsecure(&reader) {
            reader.refuse(
                mapping["startTLS"],
                "\(path).startTLS",
                "none needs allowInsecure: true, but on the loopback"
            )
        }
        guard let mailbox else { return nil }
        let security: MailServer.Security =
            isImplicit
            ? .implicit : startTLS == .required ? .startTLS : startTLS == .optional ? .startTLSIfOffered : .none
        return RelayConfiguration(
            host: url.host,
            port: url.port,
            security: security,
            login: login,
            mechanism: mechanism,
            caFile: caFile,
            from: mailbox
        )
    }

    private func readMechanism(
        _ mapping: Node.Mapping,
        _ reader: inout ConfigurationReader
    ) -> MailServer.Mechanism? {
        guard mapping["auth"] != nil else { return nil }
        if mapping["username"] == nil { reader.refuse(mapping["auth"], "\(path).auth", "needs username") }
        return reader.choice(mapping, "auth", default: MailServer.Mechanism.plain, path)
    }
}
