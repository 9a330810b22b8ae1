/// What a decision may know beside the command and the state.
package struct DecisionContext {
    /// The instant of the command: when the broker appended it.
    package let now: Instant
    /// The user of the record key.
    package let user: UserKey
    package let catalogue: TypeCatalogue
    package let asker: Asker
    package let cryptography: any TokenCryptography
    package let envelopes: any SecretEnvelopes
    package let random: any RandomSource
    package let limits: SendingLimits

    package init(
        now: Instant,
        user: UserKey,
        catalogue: TypeCatalogue,
        asker: Asker,
        cryptography: any TokenCryptography,
        envelopes: any SecretEnvelopes,
        random: any RandomSource,
        limits: SendingLimits
    ) {
        self.now = now
        self.user = user
        self.catalogue = catalogue
        self.asker = asker
        self.cryptography = cryptography
        self.envelopes = envelopes
        self.random = random
        self.limits = limits
    }

    /// The same for another asker.
    package func asked(by asker: Asker) -> DecisionContext {
        DecisionContext(
            now: now,
            user: user,
            catalogue: catalogue,
            asker: asker,
            cryptography: cryptography,
            envelopes: envelopes,
            random: random,
            limits: limits
        )
    }

    package func newID() -> UUIDValue {
        UUIDValue(version7: now, random: random.words())
    }
}

/// Who asks, and what they may see.
package struct Asker: Equatable, Sendable {
    /// CloudEvents `authid`, as asserted or as signed.
    package let id: String?
    /// Privilege `token.view.contact`.
    package let viewsContacts: Bool
    /// Command types held as privileges; nil where commands are not signed: all of them.
    package let privileges: Set<String>?

    package init(id: String?, viewsContacts: Bool = false, privileges: Set<String>? = nil) {
        self.id = id
        self.viewsContacts = viewsContacts
        self.privileges = privileges
    }
}

/// How many OTP messages may go out (contract section 5, "Sending limits"); empty: no limit.
package struct SendingLimits: Equatable, Sendable {
    /// `count` messages in any span of `seconds`.
    package struct Limit: Equatable, Sendable {
        package let count: Int
        package let seconds: Int64

        package init(count: Int, seconds: Int64) {
            self.count = count
            self.seconds = seconds
        }
    }

    package var user: [Limit]
    package var destination: [Limit]
    package var prefix: [Limit]
    package var tenant: [Limit]
    /// E.164 prefixes that SMS may go to; nil: all.
    package var countries: [String]?
    package var pumping: PumpingGuard

    package init(
        user: [Limit] = [Limit(count: 5, seconds: 900), Limit(count: 20, seconds: 86_400)],
        destination: [Limit] = [Limit(count: 5, seconds: 900)],
        prefix: [Limit] = [],
        tenant: [Limit] = [],
        countries: [String]? = nil,
        pumping: PumpingGuard = PumpingGuard()
    ) {
        self.user = user
        self.destination = destination
        self.prefix = prefix
        self.tenant = tenant
        self.countries = countries
        self.pumping = pumping
    }
}
