import TokenCore

/// Fields that the commands on token types share.
extension FieldReader {
    /// Longest name of a token type, in bytes.
    private static let maximumTypeNameLength = 40

    /// `tokenType`: `[a-z0-9-]{1,40}`.
    func typeName() throws(FieldError) -> String {
        try required("tokenType") { value in
            value.stringValue.flatMap { text in
                let isName = (1...Self.maximumTypeNameLength).contains(text.utf8.count)
                return isName && text.utf8.allSatisfy(Self.isOfTypeName) ? text : nil
            }
        }
    }

    /// `names`: language tags with names of 1 to 255 characters; `null` for a name that is taken away.
    func typeNames() throws(FieldError) -> [String: String?] {
        guard let fields = try optionalObject("names") else { return [:] }
        var names: [String: String?] = [:]
        for member in fields.object {
            guard LanguageTag.isValid(member.name) else { throw fields.error(member.name) }
            let name = try fields.optionalText(member.name)
            guard name?.isEmpty != true else { throw fields.error(member.name) }
            names.updateValue(name, forKey: member.name)
        }
        return names
    }

    /// `policy`, its bounds not yet judged.
    func policyChange() throws(FieldError) -> PolicyChange? {
        guard let fields = try optionalObject("policy") else { return nil }
        return try PolicyChange(fields)
    }

    private static func isOfTypeName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
