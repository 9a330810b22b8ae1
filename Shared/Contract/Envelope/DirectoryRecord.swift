/// A user's contact data, as the directory has them (`tokens.users`, section 8); they replace the whole.
package struct DirectoryRecord: Sendable, Equatable {
    /// As given: whether it is a phone number is judged later.
    package var phone: String?
    /// As given: whether it is an address is judged later.
    package var email: String?
    /// A language tag.
    package var locale: String?
    /// At most 255 characters.
    package var displayName: String?
    /// A lower one than stored is ignored.
    package var revision: Int64
    /// Names of the fields that were ill-typed and so count as absent; each is told by `contact.rejected`.
    package var rejectedFields: [String]

    /// - Throws: `FieldError` for a revision that is missing or no whole number; nothing else refuses the record.
    package init(_ fields: FieldReader) throws(FieldError) {
        revision = try fields.integer("revision")
        rejectedFields = []
        phone = Self.field("phone", &rejectedFields) { () throws(FieldError) in try fields.optionalString("phone") }
        email = Self.field("email", &rejectedFields) { () throws(FieldError) in try fields.optionalString("email") }
        locale = Self.field("locale", &rejectedFields) { () throws(FieldError) in try fields.optionalLocale("locale") }
        displayName = Self.field("displayName", &rejectedFields) { () throws(FieldError) in
            try fields.optionalText("displayName")
        }
    }

    private static func field(
        _ name: String,
        _ rejected: inout [String],
        _ read: () throws(FieldError) -> String?
    ) -> String? {
        do {
            return try read()
        } catch {
            rejected.append(name)
            return nil
        }
    }
}

extension DirectoryRecord: CustomStringConvertible, CustomReflectable {
    /// The revision only: contact data are personal.
    package var description: String { "directory record, revision \(revision)" }
    package var customMirror: Mirror { Mirror(self, children: ["revision": revision]) }
}

/// What a record of `tokens.users` says.
package enum DirectoryChange: Sendable, Equatable {
    case replaced(RecordKey, DirectoryRecord)
    /// A null value: the user is gone, the revision forgotten too.
    case removed(RecordKey)
    /// A dead letter; nobody is answered on this topic.
    case refused(Undecodable.Reason, field: String)

    /// Reads a record whose value is the data alone, with or without CloudEvents headers, or a CloudEvent in structured
    /// mode; the envelope is optional, so of its attributes only a `tenant` that disagrees with the key is looked at.
    package static func decode(
        headers: [(name: String, value: [UInt8]?)],
        key: [UInt8]?,
        value: [UInt8]?
    ) -> DirectoryChange {
        guard let key, !key.isEmpty else { return .refused(.keyMissing, field: Undecodable.keyField) }
        guard let recordKey = RecordKey(key), !recordKey.isTenantWide else {
            return .refused(.keyInvalid, field: Undecodable.keyField)
        }
        var attributes = EnvelopeAttributes()
        for header in headers { attributes.take(header: header.name, value: header.value) }
        guard let value else {
            let agrees = attributes[.tenant] == nil || attributes[.tenant] == recordKey.tenant
            return agrees ? .removed(recordKey) : .refused(.tenantDisagrees, field: Header.tenant.field)
        }
        guard key.count + value.count <= EnvelopeDecoder.maximumRecordSize else {
            return .refused(.recordTooLarge, field: "")
        }
        do {
            let json: JSONValue
            switch attributes[.contentType].map(MediaType.init) {
            case .structuredCloudEvent:
                let event = try StructuredEvent.read(value).get()
                attributes.take(structured: event.attributes)
                json = event.data
            case .json, .other, nil:
                json = try JSONParser.parse(value)
            }
            if let tenant = attributes[.tenant], tenant != recordKey.tenant {
                return .refused(.tenantDisagrees, field: Header.tenant.field)
            }
            guard let object = json.objectValue else { return .refused(.dataInvalid, field: "") }
            return .replaced(recordKey, try DirectoryRecord(FieldReader(object)))
        } catch let error as JSONError {
            return .refused(Undecodable.Reason(error), field: "")
        } catch let error as StructuredEvent.Failure {
            return .refused(error.reason, field: error.field)
        } catch let error as FieldError {
            return .refused(.dataInvalid, field: error.pointer)
        } catch {
            return .refused(.dataInvalid, field: "")
        }
    }
}
