/// Scheme, host and port of a URL, strictly: no user information, nothing to be read in two ways.
struct ServerURL: Equatable, Sendable {
    let scheme: String
    /// Without the brackets of an IPv6 address.
    let host: String
    let port: UInt16
    /// Path, query and what follows; may be empty.
    let rest: String

    /// - Parameter schemes: those admitted, with their standard ports.
    init?(_ text: String, schemes: [String: UInt16]) {
        guard let mark = text.firstRange(of: "://"), let standard = schemes[String(text[..<mark.lowerBound])] else {
            return nil
        }
        scheme = String(text[..<mark.lowerBound])
        let after = text[mark.upperBound...]
        let end = after.firstIndex { "/?#".contains($0) } ?? after.endIndex
        rest = String(after[end...])
        var authority = after[..<end]
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = String(authority[authority.index(after: authority.startIndex)..<close])
            authority = authority[authority.index(after: close)...]
            guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = String(authority[..<colon])
            authority = authority[colon...]
            let isName = host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }
            guard !host.isEmpty, isName else { return nil }
        }
        if authority.isEmpty {
            port = standard
        } else {
            guard authority.first == ":", let number = UInt16(authority.dropFirst()), number > 0 else { return nil }
            port = number
        }
    }

    /// The machine itself: what is sent there can't be read on the way.
    var isLoopback: Bool {
        if host.lowercased() == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
