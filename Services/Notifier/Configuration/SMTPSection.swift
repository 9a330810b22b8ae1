import Transport
import Yams

/// `smtp:` of a provider.
extension ProviderSection {
    private enum StartTLS: String, CaseIterable {
        case required, optional, none
    }

    func readMail(_ reader: inout ConfigurationReader) -> (MailServer, Mailbox)? {
        let keys: Set = ["url", "startTLS", "from", "username", "passwordFile", "caFile", "timeout", "allowInsecure"]
        guard let mapping = reader.mapping(node, path, keys: keys) else { return nil }
        let startTLS = reader.choice(mapping, "startTLS", default: StartTLS.required, path)
        let from = reader.required(mapping, "from", in: node, path)
        let mailbox = from.flatMap(Mailbox.init)
        if from != nil, mailbox == nil {
            reader.refuse(mapping["from"], "\(path).from", "an address, or Name <address>")
        }
        let username = reader.string(mapping, "username", path)
        let password = reader.secret(mapping, "passwordFile", path)
        if (mapping["username"] == nil) != (mapping["passwordFile"] == nil) {
            reader.refuse(node, path, "username and passwordFile go together")
        }
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
        let credentials = username.flatMap { name in password.map { Credentials(username: name, password: $0) } }
        let server = MailServer(
            host: url.host,
            port: url.port,
            security: security,
            credentials: credentials,
            caFile: caFile
        )
        return (server, mailbox)
    }
}
