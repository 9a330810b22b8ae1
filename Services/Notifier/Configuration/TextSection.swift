import Contract
import NotificationTexts
import Transport
import Yams

/// `templates:`, where a site's own texts are and what its tenants speak.
func readTexts(_ node: Node, _ reader: inout ConfigurationReader) -> (directory: String?, settings: TextSettings) {
    let path = "templates"
    var settings = TextSettings()
    let keys: Set = ["directory", "defaultLocale", "domain", "tenants"]
    guard let mapping = reader.mapping(node, path, keys: keys) else { return (nil, settings) }
    settings.site = readTenant(mapping, path, &reader)
    if let node = mapping["tenants"] {
        guard let tenants = node.mapping else {
            reader.refuse(node, "\(path).tenants", "a mapping is expected")
            return (nil, settings)
        }
        for (key, value) in tenants {
            let name = key.string ?? ""
            let place = "\(path).tenants.\(name)"
            if !RecordKey.isTenant(name) { reader.refuse(key, place, "a tenant's name is 1-63 of a-z, 0-9 and '-'") }
            guard let inner = reader.mapping(value, place, keys: ["defaultLocale", "domain"]) else { continue }
            settings.tenants[name] = readTenant(inner, place, &reader)
        }
    }
    return (reader.string(mapping, "directory", path).map { reader.resolved($0) }, settings)
}

private func readTenant(
    _ mapping: Node.Mapping,
    _ path: String,
    _ reader: inout ConfigurationReader
) -> TextSettings.Tenant {
    let locale = reader.string(mapping, "defaultLocale", path)
    let isTag = (locale ?? "en").allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    if !isTag { reader.refuse(mapping["defaultLocale"], "\(path).defaultLocale", "a language tag such as de-CH") }
    let domain = reader.string(mapping, "domain", path)
    if let domain, MailAddress("a@\(domain)") == nil || domain.utf8.count > 60 {
        reader.refuse(mapping["domain"], "\(path).domain", "a host name of at most 60 characters")
    }
    return TextSettings.Tenant(defaultLocale: locale, domain: domain)
}
