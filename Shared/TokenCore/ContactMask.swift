/// Contact data as it may be shown: enough for its owner to recognise it, too little for anybody else to use it.
package enum ContactMask {
    /// The first three and the last two characters stay: `+41*******67`. A value too short to hide three characters
    /// so is hidden whole.
    package static func phone(_ number: String) -> String {
        guard number.count >= 8 else { return "***" }
        return "\(number.prefix(3))\(String(repeating: "*", count: number.count - 5))\(number.suffix(2))"
    }

    /// The first character and the domain stay: `a***@example.org`. The number of stars is fixed: it does not tell
    /// the length.
    package static func email(_ address: String) -> String {
        guard let at = address.lastIndex(of: "@"), at != address.startIndex else { return "***" }
        return "\(address.prefix(1))***\(address[at...])"
    }

    package static func mask(_ address: String, _ channel: Channel) -> String {
        switch channel {
        case .sms: phone(address)
        case .email: email(address)
        }
    }
}
