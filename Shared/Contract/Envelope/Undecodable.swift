/// A record that can't be decoded (section 3): a dead letter, and a `malformed` reply where `isAnswerable`.
///
/// What could be read of it is here, so that the reply finds whoever asked.
package struct Undecodable: Error, Sendable, Equatable {
    /// Why, for operators.
    package var reason: Reason
    /// `details.field` of the reply: a JSON pointer (the empty one is the whole value), a header's name, or `key`.
    package var field: String
    /// Nil where it is missing, empty, given twice or not UTF-8.
    package var id: String?
    /// Nil where it is missing, empty, given twice or not UTF-8.
    package var source: String?
    /// Nil where it is missing, empty, given twice or not UTF-8; then the reply's type is `CommandType.malformedReply`.
    package var type: String?
    /// The key as received, valid or not.
    package var key: [UInt8]?
    /// The tenant of the key; where that is no valid key, the tenant that the attribute names, if it is one.
    package var tenant: String?
    /// Where an answer was wanted.
    package var reply: ReplyRoute
    /// What ties the record to others.
    package var correlation: Correlation

    /// Whether a reply is owed: `ce_id` and `ce_source` could be read.
    package var isAnswerable: Bool { id != nil && source != nil }

    /// The type of the reply.
    package var replyType: String { type.map { CommandType(rawValue: $0).reply } ?? CommandType.malformedReply }

    /// The field of an error that concerns the key.
    package static let keyField = "key"

    /// Why, as `dlq_reason` tells it: a closed set, no word of the record itself.
    package enum Reason: String, Sendable, CaseIterable {
        case attributeMissing = "attribute_missing"
        case attributeEmpty = "attribute_empty"
        case attributeRepeated = "attribute_repeated"
        /// Not UTF-8, control characters, or in structured mode no string.
        case attributeInvalid = "attribute_invalid"
        case attributeTooLong = "attribute_too_long"
        case specVersionUnsupported = "specversion_unsupported"
        case contentTypeUnsupported = "content_type_unsupported"
        case keyMissing = "key_missing"
        case keyInvalid = "key_invalid"
        case recordTooLarge = "record_too_large"
        case valueMissing = "value_missing"
        case jsonInvalid = "json_invalid"
        case jsonTooDeep = "json_too_deep"
        case jsonDuplicateMember = "json_duplicate_member"
        case jsonLoneSurrogate = "json_lone_surrogate"
        /// In structured mode: no object, data twice (`data` and `data_base64`), or no Base64.
        case envelopeInvalid = "envelope_invalid"
        /// Of `tokens.users`, where nobody can be answered `malformed`: data that are no object, or without a revision.
        case dataInvalid = "data_invalid"
        /// Of `tokens.users`: the attribute `tenant` disagrees with the key.
        case tenantDisagrees = "tenant_disagrees"

        /// The reason that a fault in the JSON makes.
        package init(_ error: JSONError) {
            switch error.reason {
            case .tooDeep: self = .jsonTooDeep
            case .duplicateMember: self = .jsonDuplicateMember
            case .loneSurrogate: self = .jsonLoneSurrogate
            default: self = .jsonInvalid
            }
        }
    }
}

extension Undecodable: CustomStringConvertible, CustomReflectable {
    package var description: String { "undecodable: \(reason.rawValue) at '\(field)'" }
    package var customMirror: Mirror { Mirror(self, children: ["reason": reason.rawValue, "field": field]) }
}
