import CPKCS11
import TokenCrypto

/// A session whose user is logged in; borrowed for a few calls.
struct PKCS11Session {
    let functions: UnsafePointer<CK_FUNCTION_LIST>
    let handle: CK_SESSION_HANDLE

    /// Bytes of AES-GCM's nonce and tag.
    static let nonceLength = 12
    static let tagLength = 16

    /// The AES-256 keys that the URI names; two at most are told.
    func keys(_ uri: PKCS11URI) throws(PKCS11Failure) -> [CK_OBJECT_HANDLE] {
        var wanted: [(CK_ATTRIBUTE_TYPE, [UInt8])] = [
            (CK_ATTRIBUTE_TYPE(CKA_CLASS), Self.bytes(CK_ULONG(CKO_SECRET_KEY))),
            (CK_ATTRIBUTE_TYPE(CKA_KEY_TYPE), Self.bytes(CK_ULONG(CKK_AES))),
            (CK_ATTRIBUTE_TYPE(CKA_VALUE_LEN), Self.bytes(CK_ULONG(32))),
        ]
        if let object = uri.object { wanted.append((CK_ATTRIBUTE_TYPE(CKA_LABEL), Array(object.utf8))) }
        if let id = uri.id { wanted.append((CK_ATTRIBUTE_TYPE(CKA_ID), id)) }
        // One allocation for all values, so that their addresses hold.
        var values = wanted.flatMap(\.1)
        let code = values.withUnsafeMutableBytes { values in
            var offset = 0
            var template = wanted.map { type, bytes in
                defer { offset += bytes.count }
                return CK_ATTRIBUTE(
                    type: type,
                    pValue: values.baseAddress?.advanced(by: offset),
                    ulValueLen: CK_ULONG(bytes.count)
                )
            }
            return functions.pointee.C_FindObjectsInit?(handle, &template, CK_ULONG(template.count))
        }
        try PKCS11Library.require(code, "C_FindObjectsInit")
        defer { _ = functions.pointee.C_FindObjectsFinal?(handle) }
        var found: [CK_OBJECT_HANDLE] = [0, 0]
        var count: CK_ULONG = 0
        try PKCS11Library.require(functions.pointee.C_FindObjects?(handle, &found, 2, &count), "C_FindObjects")
        return Array(found.prefix(Int(count)))
    }

    /// AES-GCM by the token: ciphertext and tag.
    func encrypt(
        _ plaintext: Secret,
        with key: CK_OBJECT_HANDLE,
        nonce: [UInt8],
        aad: [UInt8]
    ) throws(PKCS11Failure) -> [UInt8] {
        try start(nonce: nonce, aad: aad, "C_EncryptInit") { functions.pointee.C_EncryptInit?(handle, $0, key) }
        var output = [UInt8](repeating: 0, count: plaintext.count + Self.tagLength)
        var count = CK_ULONG(output.count)
        let code = plaintext.withBytes { input in
            functions.pointee.C_Encrypt?(handle, Self.pointer(input), CK_ULONG(input.count), &output, &count)
        }
        try PKCS11Library.require(code, "C_Encrypt")
        return Array(output.prefix(Int(count)))
    }

    /// The plaintext of what ``encrypt(_:with:nonce:aad:)`` made.
    func decrypt(
        _ sealed: [UInt8],
        with key: CK_OBJECT_HANDLE,
        nonce: [UInt8],
        aad: [UInt8]
    ) throws(PKCS11Failure) -> Secret {
        try start(nonce: nonce, aad: aad, "C_DecryptInit") { functions.pointee.C_DecryptInit?(handle, $0, key) }
        // Room for all that was given, as some libraries want it.
        var output = [UInt8](repeating: 0, count: sealed.count)
        defer { wipe(&output) }
        var count = CK_ULONG(output.count)
        var input = sealed
        let code = functions.pointee.C_Decrypt?(handle, &input, CK_ULONG(input.count), &output, &count)
        try PKCS11Library.require(code, "C_Decrypt")
        return Secret(output.prefix(Int(count)))
    }

    private func start(
        nonce: [UInt8],
        aad: [UInt8],
        _ operation: StaticString,
        _ call: (UnsafeMutablePointer<CK_MECHANISM>) -> CK_RV?
    ) throws(PKCS11Failure) {
        var (nonce, aad) = (nonce, aad)
        let code = nonce.withUnsafeMutableBufferPointer { nonce in
            aad.withUnsafeMutableBufferPointer { aad in
                var parameters = CK_GCM_PARAMS(
                    pIv: nonce.baseAddress,
                    ulIvLen: CK_ULONG(nonce.count),
                    ulIvBits: CK_ULONG(nonce.count * 8),
                    pAAD: aad.baseAddress,
                    ulAADLen: CK_ULONG(aad.count),
                    ulTagBits: CK_ULONG(Self.tagLength * 8)
                )
                return withUnsafeMutablePointer(to: &parameters) { parameters in
                    var mechanism = CK_MECHANISM(
                        mechanism: CK_MECHANISM_TYPE(CKM_AES_GCM),
                        pParameter: UnsafeMutableRawPointer(parameters),
                        ulParameterLen: CK_ULONG(MemoryLayout<CK_GCM_PARAMS>.size)
                    )
                    return call(&mechanism)
                }
            }
        }
        try PKCS11Library.require(code, operation)
    }

    private static func bytes(_ value: CK_ULONG) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    private static func pointer(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
        UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
    }
}
