/// An address that a message can go to.
package struct Recipient: Equatable, Sendable {
    package let channel: Channel
    package let address: String

    package init(_ channel: Channel, _ address: String) {
        self.channel = channel
        self.address = address
    }
}

extension UserRecord {
    /// Who is told of a change to a token: a contact of the user other than the token's own where there is one, since
    /// whoever enrols a token for himself on another's account would be the only one to hear of it.
    ///
    /// The directory's e-mail address comes first, then its phone number, the addresses of other ACTIVE tokens, and
    /// at last the token's own.
    package func noticeRecipient(about token: Token, _ context: DecisionContext) -> Recipient? {
        var candidates: [Recipient] = []
        if let email = contact?.email { candidates.append(Recipient(.email, email)) }
        if let phone = contact?.phone { candidates.append(Recipient(.sms, phone)) }
        for other in tokens where other.id != token.id {
            let status = other.effectiveStatus(in: context.catalogue, at: context.now)
            guard status == .active, let recipient = recipient(of: other) else { continue }
            candidates.append(recipient)
        }
        let own = recipient(of: token)
        return candidates.first { $0.address != own?.address } ?? own
    }

    /// Where the token's OTPs go at present.
    package func recipient(of token: Token) -> Recipient? {
        guard let channel = token.device.channel, let address = address(of: token) else { return nil }
        return Recipient(channel, address)
    }
}
