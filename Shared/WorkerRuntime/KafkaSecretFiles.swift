package import Settings
import TokenCrypto

extension Settings.KafkaSettings {
    /// Properties that name files with secrets, which librdkafka reads whatever their mode is.
    private static let secretFiles = ["sasl.kerberos.keytab", "ssl.key.location", "ssl.keystore.location"]

    /// Refuses files with secrets that others have access to.
    package func checkSecretFiles(_ reader: inout SettingsReader) {
        for property in Self.secretFiles {
            guard let path = properties[property], !path.isEmpty else { continue }
            let variable = "KAFKA_PROPERTY_" + property.uppercased().replacing(".", with: "_")
            do throws(KeysError) {
                try FileAccess.secret.check(path, name: variable)
            } catch {
                reader.refuse(lines: error.problems)
            }
        }
    }
}
