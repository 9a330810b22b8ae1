package import TokenCore

/// `token.unassign`, `token.compromise`: a device by its token, or on a tenant-wide key by its serial number.
package struct SetHardwareStatus: CommandContent {
    package var tokenId: UUIDValue?
    /// Means something on a tenant-wide key only.
    package var serial: String?
    /// At most 255 characters, for audit and events.
    package var reason: String?
    /// Holds only for that version of the token.
    package var ifVersion: Int64?

    package init(_ fields: FieldReader) throws(FieldError) {
        tokenId = try fields.optionalUUID("tokenId")
        serial = try fields.optionalText("serial")
        reason = try fields.reason()
        ifVersion = try fields.ifVersion()
    }

    /// How the device is named.
    package enum Target: Sendable, Equatable {
        case tokenId(UUIDValue)
        case serial(String)
    }

    /// - Throws: `malformed` where neither is given; `/serial` where both are on a tenant-wide key, since they could name
    ///   two devices. On a user's key `serial` is an unknown field.
    package func target(isTenantWide: Bool) throws(Rejection) -> Target {
        switch (tokenId, isTenantWide ? serial : nil) {
        case (let id?, nil): return .tokenId(id)
        case (nil, let serial?): return .serial(serial)
        case (nil, nil): throw .malformed(field: "/tokenId")
        case (_?, _?): throw .malformed(field: "/serial")
        }
    }
}
