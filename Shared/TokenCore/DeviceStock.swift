/// A device's name: its serial number within a tenant, compared bytewise.
package struct DeviceKey: Hashable, Sendable {
    package let tenant: String
    package let serial: String

    package init(tenant: String, serial: String) {
        self.tenant = tenant
        self.serial = serial
    }

    package static func == (left: DeviceKey, right: DeviceKey) -> Bool {
        left.tenant.utf8.elementsEqual(right.tenant.utf8) && left.serial.utf8.elementsEqual(right.serial.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for text in [tenant, serial] {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(0xFF as UInt8)
        }
    }
}

/// A device and whose record it stands in: a user's, or the stock's.
package struct FoundDevice: Equatable, Sendable {
    package var token: Token
    package let holder: UserKey
}

/// Devices by serial number, and how they change hands.
extension WorkingSet {
    /// The device with a serial number that the batch's commands name.
    package func device(_ key: DeviceKey) -> FoundDevice? {
        guard let holder = devices[key],
            let token = users[holder]?.tokens.first(where: { token in
                token.device.serial.map { $0.utf8.elementsEqual(key.serial.utf8) } ?? false
            })
        else { return nil }
        return FoundDevice(token: token, holder: holder)
    }

    /// Puts a device into the hands of a user, or into the stock: its record is `holder`'s from then on.
    ///
    /// - Parameter former: whose record it stood in; nil for a new one.
    mutating func place(_ device: Token, with holder: UserKey, from former: UserKey?) {
        var device = device
        device.userID = holder.isTenantWide ? nil : holder.userID
        if let former, former != holder { users[former]?[device.id] = nil }
        self[holder][device.id] = device
        if let serial = device.device.serial { devices[DeviceKey(tenant: device.tenant, serial: serial)] = holder }
    }
}
