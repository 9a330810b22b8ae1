package import TokenCore

/// `token.unassign`, `token.compromise`: a device by its token, or on a tenant-wide key by its serial number.
package struct SetHardwareStatus: Sendable, Equatable {
    /// Which device.
    package var target: Target
    package var reason: String?
    package var ifVersion: Int64?

    /// How a device is named.
    package enum Target: Sendable, Equatable {
        case tokenId(UUIDValue)
        case serial(String)
    }

    /// - Parameter isTenantWide: whether the command's key begins with `~`. Elsewhere `serial` is an unknown field. Both
    ///   at once are `malformed` there (`/serial`), since they could name two devices.
    package init(_ fields: FieldReader, isTenantWide: Bool) throws(FieldError) {
        let serial = isTenantWide ? try fields.optionalText("serial") : nil
        if let serial {
            guard fields.optionalValue("tokenId") == nil else { throw fields.error("serial") }
            target = .serial(serial)
        } else {
            target = .tokenId(try fields.tokenId())
        }
        reason = try fields.reason()
        ifVersion = try fields.ifVersion()
    }
}
