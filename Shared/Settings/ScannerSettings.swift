/// What the expiry scanner alone has to know.
///
/// ## Settings
/// - `SCAN_INTERVAL`: `10s`
/// - `AUDIT_CHECKPOINT_INTERVAL`: `10m`
package struct ScannerSettings: Hashable, Sendable {
    /// How often it looks for what is due.
    package let scanInterval: Duration
    /// How often the heads of the audit chains are published, where they have moved.
    package let checkpointInterval: Duration

    package init(_ reader: inout SettingsReader) {
        scanInterval = reader.duration("SCAN_INTERVAL", default: .seconds(10))
        checkpointInterval = reader.duration("AUDIT_CHECKPOINT_INTERVAL", default: .seconds(600))
    }
}
