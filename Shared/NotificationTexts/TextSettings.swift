/// What of a site's texts depends on the tenant.
package struct TextSettings: Equatable, Sendable {
    package struct Tenant: Equatable, Sendable {
        /// BCP 47; what is spoken where nothing is known of a person.
        package var defaultLocale: String?
        /// Whose page a code is for: SMS end with `@domain #code`, which telephones fill in on that page only.
        package var domain: String?

        package init(defaultLocale: String? = nil, domain: String? = nil) {
            self.defaultLocale = defaultLocale
            self.domain = domain
        }
    }

    /// Of all tenants that say nothing else.
    package var site: Tenant
    package var tenants: [String: Tenant]

    package init(site: Tenant = Tenant(), tenants: [String: Tenant] = [:]) {
        self.site = site
        self.tenants = tenants
    }

    func domain(of tenant: String) -> String? { tenants[tenant]?.domain ?? site.domain }

    /// `de-CH` → `de-ch`, `de`, then the same of the tenant's default, the site's, and `en`.
    func tags(_ locale: String?, of tenant: String) -> [String] {
        var tags: [String] = []
        for locale in [locale, tenants[tenant]?.defaultLocale, site.defaultLocale, "en"].compactMap({ $0 }) {
            for tag in Self.parents(locale) where !tags.contains(tag) { tags.append(tag) }
        }
        return tags
    }

    private static func parents(_ locale: String) -> [String] {
        var tag = locale.lowercased().replacing("_", with: "-")[...]
        var tags: [String] = []
        while !tag.isEmpty {
            tags.append(String(tag))
            tag = tag[..<(tag.lastIndex(of: "-") ?? tag.startIndex)]
        }
        return tags
    }
}
