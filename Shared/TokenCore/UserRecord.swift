/// All that a decision about one user reads and changes: the unit of locking.
package struct UserRecord: Equatable, Sendable {
    package let key: UserKey
    /// Nil until the user has a first token; an unknown name fills no table.
    package var lockout: Lockout?
    package var contact: DirectoryEntry?
    /// By id, that is in the order of enrolment; DELETED ones are not here.
    package var tokens: [Token]
    /// The challenges that a command can still name.
    package var challenges: [Challenge]

    package init(
        key: UserKey,
        lockout: Lockout? = nil,
        contact: DirectoryEntry? = nil,
        tokens: [Token] = [],
        challenges: [Challenge] = []
    ) {
        self.key = key
        self.lockout = lockout
        self.contact = contact
        self.tokens = tokens
        self.challenges = challenges
    }

    /// A token by id; assigning one that is not there yet adds it.
    package subscript(id: TokenID) -> Token? {
        get { tokens.first { $0.id == id } }
        set {
            let index = tokens.firstIndex { $0.id == id }
            switch (index, newValue) {
            case (let index?, let token?): tokens[index] = token
            case (let index?, nil): tokens.remove(at: index)
            case (nil, let token?): tokens.append(token)
            case (nil, nil): break
            }
        }
    }

    /// A challenge by id; assigning one that is not there yet adds it.
    package subscript(id: ChallengeID) -> Challenge? {
        get { challenges.first { $0.id == id } }
        set {
            let index = challenges.firstIndex { $0.id == id }
            switch (index, newValue) {
            case (let index?, let challenge?): challenges[index] = challenge
            case (let index?, nil): challenges.remove(at: index)
            case (nil, let challenge?): challenges.append(challenge)
            case (nil, nil): break
            }
        }
    }
}

/// A user's contact data as the upstream directory has it (`tokens.users`).
package struct DirectoryEntry: Equatable, Sendable {
    package var phone: String?
    package var email: String?
    package var locale: String?
    package var displayName: String?
    package var revision: Int64

    package init(
        phone: String? = nil,
        email: String? = nil,
        locale: String? = nil,
        displayName: String? = nil,
        revision: Int64
    ) {
        self.phone = phone
        self.email = email
        self.locale = locale
        self.displayName = displayName
        self.revision = revision
    }

    /// The address that a virtual token of the channel sends to.
    package func address(_ channel: Channel) -> String? {
        channel == .sms ? phone : email
    }
}
