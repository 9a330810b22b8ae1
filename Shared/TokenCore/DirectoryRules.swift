/// What a record of `tokens.users` says of a user, before it is checked.
package struct DirectoryUpdateRequest: Equatable, Sendable {
    package var phone: String?
    package var email: String?
    package var locale: String?
    package var displayName: String?
    package var revision: Int64
    /// Fields that could not even be read, say a number where a text belongs.
    package var unreadable: Set<DirectoryField>

    package init(
        phone: String? = nil,
        email: String? = nil,
        locale: String? = nil,
        displayName: String? = nil,
        revision: Int64,
        unreadable: Set<DirectoryField> = []
    ) {
        self.phone = phone
        self.email = email
        self.locale = locale
        self.displayName = displayName
        self.revision = revision
        self.unreadable = unreadable
    }
}

package enum DirectoryField: String, Sendable, CaseIterable {
    case phone
    case email
    case locale
    case displayName
}

/// What a directory record, or its tombstone, did to a user.
package struct DirectoryEffect: Equatable, Sendable {
    /// The stored record is newer: nothing was done.
    package var isStale = false
    /// Fields whose new value is not taken; the old one stays.
    package var rejected: [DirectoryField] = []
    /// Phone number or e-mail address are others than before.
    package var changed: [DirectoryField] = []
    /// Virtual tokens that lost their contact, as they are now.
    package var obsoleted: [Token] = []

    package init() {}
}

extension UserRecord {
    /// Takes over the directory's record as a whole.
    ///
    /// A record with a lower revision than the stored one is ignored. A field with an invalid value keeps the value it
    /// had: a slip in the directory must not end a user's tokens. A change of contact voids the open challenges of the
    /// user's virtual tokens; those whose contact is gone are OBSOLETE.
    package mutating func update(_ request: DirectoryUpdateRequest) -> DirectoryEffect {
        var effect = DirectoryEffect()
        guard request.revision >= contact?.revision ?? .min else {
            effect.isStale = true
            return effect
        }
        let before = contact
        func taken(_ field: DirectoryField, _ value: String?, _ old: String?, _ isValid: (String) -> Bool) -> String? {
            let isRefused = request.unreadable.contains(field) || !(value.map(isValid) ?? true)
            if isRefused { effect.rejected.append(field) }
            return isRefused ? old : value
        }
        contact = DirectoryEntry(
            phone: taken(.phone, request.phone, before?.phone, ContactRules.isPhone),
            email: taken(.email, request.email, before?.email, ContactRules.isEmail),
            locale: taken(.locale, request.locale, before?.locale, TextRules.isLocale),
            displayName: taken(.displayName, request.displayName, before?.displayName, TextRules.isPlain),
            revision: request.revision
        )
        follow(before, &effect)
        return effect
    }

    /// The user left the directory: contacts and revision are forgotten, virtual tokens OBSOLETE, all open challenges
    /// void. Other tokens stay.
    package mutating func removeContact() -> DirectoryEffect {
        var effect = DirectoryEffect()
        let before = contact
        contact = nil
        follow(before, &effect)
        for token in tokens { voidChallenges(of: token.id) }
        return effect
    }

    private mutating func follow(_ before: DirectoryEntry?, _ effect: inout DirectoryEffect) {
        if before?.phone != contact?.phone { effect.changed.append(.phone) }
        if before?.email != contact?.email { effect.changed.append(.email) }
        for index in tokens.indices where tokens[index].type.kind == .virtual {
            if !effect.changed.isEmpty { voidChallenges(of: tokens[index].id) }
            guard address(of: tokens[index]) == nil, tokens[index].isLiving else { continue }
            tokens[index].makeObsolete(.contactRemoved)
            voidChallenges(of: tokens[index].id)
            effect.obsoleted.append(tokens[index])
        }
    }
}

extension Token {
    /// PENDING, ACTIVE or DISABLED as stored: what can become OBSOLETE.
    var isLiving: Bool {
        switch status {
        case .pending, .active, .disabled: true
        case .obsolete, .compromised, .unassigned, .deleted: false
        }
    }

    /// Takes the token out of use; the caller voids its challenges.
    mutating func makeObsolete(_ reason: ObsolescenceReason) {
        status = .obsolete
        statusReason = reason.rawValue
        device.pendingAddress = nil
        version += 1
    }
}
