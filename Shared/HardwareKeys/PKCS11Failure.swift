import CPKCS11

/// What a PKCS#11 function answered instead of `CKR_OK`.
struct PKCS11Failure: Error, CustomStringConvertible {
    let operation: StaticString
    let code: CK_RV

    /// The PIN was judged: trying it again would lock the token.
    var isOfPIN: Bool { Self.ofPIN.contains(code) }

    /// What was to be opened was not sealed with the key.
    var isOfCiphertext: Bool {
        [CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE].contains(code)
    }

    var description: String {
        let name = Self.names[code].map { " \($0)" } ?? ""
        return "\(operation): 0x\(String(code, radix: 16))\(name)"
    }

    private static let ofPIN: Set<CK_RV> = [
        CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED, CKR_PIN_LOCKED,
    ]

    private static let names: [CK_RV: String] = [
        CKR_GENERAL_ERROR: "general error", CKR_FUNCTION_FAILED: "function failed", CKR_DEVICE_ERROR: "device error",
        CKR_DEVICE_REMOVED: "device removed", CKR_TOKEN_NOT_PRESENT: "token not present",
        CKR_PIN_INCORRECT: "PIN incorrect", CKR_PIN_INVALID: "PIN invalid", CKR_PIN_LEN_RANGE: "PIN too long or short",
        CKR_PIN_EXPIRED: "PIN expired", CKR_PIN_LOCKED: "PIN locked", CKR_MECHANISM_INVALID: "no AES-GCM",
        CKR_KEY_FUNCTION_NOT_PERMITTED: "the key may not encrypt or decrypt",
        CKR_KEY_TYPE_INCONSISTENT: "no AES key", CKR_FUNCTION_NOT_SUPPORTED: "not supported",
    ]
}
