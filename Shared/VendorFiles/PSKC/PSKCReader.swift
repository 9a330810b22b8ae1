import TokenCrypto

/// Portable Symmetric Key Containers (RFC 6030): clear, or sealed with a key or a password and authenticated.
///
/// What is read of a sealed file: AES in CBC mode with an HMAC, under a pre-shared key or one derived by PBKDF2.
/// A signature (XML Signature) is not checked, and that is said: it would need keys that nobody gives.
enum PSKCReader {
    static func recognizes(_ root: XMLElement) -> Bool {
        root.name == "KeyContainer" && root.namespace == PSKCNames.namespace
    }

    static func read(_ root: XMLElement, key: Secret?, password: Secret?) throws(UnreadableFile) -> SeedFile {
        guard ["1.0", "1"].contains(root["Version"] ?? "1.0") else {
            throw UnreadableFile(.unsupported, "PSKC of an unknown version")
        }
        let keys = PSKCKeys(in: root)
        let protection = try PSKCProtection(root, key: key, password: password, sealed: keys.sealedValues)
        var file = SeedFile(format: .pskc, entries: [], skipped: [])
        if root.children.contains(where: { $0.name == "Signature" }) {
            file.remarks.append("the file is signed; the signature was not checked")
        }
        for key in keys.all {
            file.take(key.name, at: key.place) { () throws(SkippedReason) in try key.entry(protection) }
        }
        for package in keys.withoutKey {
            file.take(package.serial, at: package.place) { () throws(SkippedReason) -> SeedEntry in
                throw .malformed("a KeyPackage without Key")
            }
        }
        // One value that does not fit its MAC was changed; when none fits, it is the key that is wrong.
        if protection.verified == 0, file.skipped.contains(where: { $0.code == .wrongMAC }) {
            throw UnreadableFile(.wrongKey, "no MAC fits: the key or password is wrong, or the file was changed")
        }
        return file
    }
}

/// The keys of a container, each with the device that it is in.
struct PSKCKeys {
    private(set) var all: [PSKCKey] = []
    private(set) var withoutKey: [(serial: String?, place: String)] = []

    init(in root: XMLElement) {
        for package in root.children("KeyPackage") {
            let device = package.child("DeviceInfo")
            let keys = package.children("Key")
            all += keys.map { PSKCKey(element: $0, device: device) }
            if keys.isEmpty {
                withoutKey.append((device?.child("SerialNo")?.text, "KeyPackage in line \(package.line)"))
            }
        }
    }

    /// Every value of a key that is encrypted or has a MAC.
    var sealedValues: [XMLElement] {
        all.flatMap(\.values).filter { $0.child("EncryptedValue") != nil || $0.child("ValueMAC") != nil }
    }
}
