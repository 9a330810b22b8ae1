/// How to reach the tokens that keys of ring `kek` may be on.
///
/// ## Settings
/// - `PKCS11_MODULE`: path of the token's PKCS#11 library
/// - `PKCS11_PIN_FILE`: path of a file of mode 0600 with the user's PIN; required with `PKCS11_MODULE`
package struct KeyTokenSettings: Hashable, Sendable {
    package let module: String
    package let pinFile: String

    /// nil where no token is used, or after a mistake.
    package init?(_ reader: inout SettingsReader) {
        let (module, pinFile) = (reader.optional("PKCS11_MODULE"), reader.optional("PKCS11_PIN_FILE"))
        guard let module else {
            if pinFile != nil { reader.refuse("PKCS11_MODULE", "required with PKCS11_PIN_FILE") }
            return nil
        }
        guard let pinFile else {
            reader.refuse("PKCS11_PIN_FILE", "required with PKCS11_MODULE")
            return nil
        }
        self.module = module
        self.pinFile = pinFile
    }
}
