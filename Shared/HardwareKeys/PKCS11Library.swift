import CPKCS11
import Glibc
import TokenCrypto

/// A PKCS#11 library (OASIS PKCS #11 2.40), loaded for the life of the process.
struct PKCS11Library: @unchecked Sendable {  // the list of functions is the library's own and never changes
    private let functions: UnsafePointer<CK_FUNCTION_LIST>

    /// - Throws: where it cannot be loaded, or is none.
    init(path: String) throws(KeyEncryptionError) {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw KeyEncryptionError("the library cannot be loaded")
        }
        guard let symbol = dlsym(handle, "C_GetFunctionList") else {
            throw KeyEncryptionError("the library has no C_GetFunctionList")
        }
        typealias GetFunctionList =
            @convention(c) (UnsafeMutablePointer<UnsafeMutablePointer<CK_FUNCTION_LIST>?>) -> CK_RV
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        guard unsafeBitCast(symbol, to: GetFunctionList.self)(&list) == CKR_OK, let list else {
            throw KeyEncryptionError("the library gives no functions")
        }
        functions = UnsafePointer(list)
    }

    /// Makes the library ready; it may use the system's locks and threads. Again and again is no mistake.
    func initialize() throws(PKCS11Failure) {
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CK_FLAGS(CKF_OS_LOCKING_OK)
        let code = withUnsafeMutablePointer(to: &arguments) { functions.pointee.C_Initialize?($0) }
        if code == CKR_CRYPTOKI_ALREADY_INITIALIZED { return }
        try Self.require(code, "C_Initialize")
    }

    /// Forgets all sessions, and which tokens there are.
    func finalize() {
        _ = functions.pointee.C_Finalize?(nil)
    }

    /// The slots with a token in them.
    func slots() throws(PKCS11Failure) -> [CK_SLOT_ID] {
        var count: CK_ULONG = 0
        try Self.require(functions.pointee.C_GetSlotList?(1, nil, &count), "C_GetSlotList")
        var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
        try Self.require(functions.pointee.C_GetSlotList?(1, &slots, &count), "C_GetSlotList")
        return Array(slots.prefix(Int(count)))
    }

    /// Whether the slot's token is the one that the URI names.
    func isToken(of uri: PKCS11URI, in slot: CK_SLOT_ID) throws(PKCS11Failure) -> Bool {
        var info = CK_TOKEN_INFO()
        try Self.require(functions.pointee.C_GetTokenInfo?(slot, &info), "C_GetTokenInfo")
        return Self.text(info.label, is: uri.token) && Self.text(info.manufacturerID, is: uri.manufacturer)
            && Self.text(info.model, is: uri.model) && Self.text(info.serialNumber, is: uri.serial)
    }

    /// Runs `body` with a session in which the user is logged in, and closes it.
    func withSession<Result>(
        in slot: CK_SLOT_ID,
        pin: Secret,
        _ body: (PKCS11Session) throws(PKCS11Failure) -> Result
    ) throws(PKCS11Failure) -> Result {
        var handle = CK_SESSION_HANDLE(CK_INVALID_HANDLE)
        let flags = CK_FLAGS(CKF_SERIAL_SESSION)
        try Self.require(functions.pointee.C_OpenSession?(slot, flags, nil, nil, &handle), "C_OpenSession")
        defer { _ = functions.pointee.C_CloseSession?(handle) }
        let login = pin.withBytes { pin in
            let bytes = UnsafeMutableRawPointer(mutating: pin.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            return functions.pointee.C_Login?(handle, CK_USER_TYPE(CKU_USER), bytes, CK_ULONG(pin.count))
        }
        if login != CKR_USER_ALREADY_LOGGED_IN { try Self.require(login, "C_Login") }
        return try body(PKCS11Session(functions: functions, handle: handle))
    }

    static func require(_ code: CK_RV?, _ operation: StaticString) throws(PKCS11Failure) {
        let code = code ?? CK_RV(CKR_FUNCTION_NOT_SUPPORTED)
        guard code == CKR_OK else { throw PKCS11Failure(operation: operation, code: code) }
    }

    /// Texts of the standard are padded with blanks to a fixed length.
    private static func text<Field>(_ field: Field, is wanted: String?) -> Bool {
        guard let wanted else { return true }
        return withUnsafeBytes(of: field) { field in
            let end = field.lastIndex { $0 != UInt8(ascii: " ") && $0 != 0 }.map { $0 + 1 } ?? 0
            return field[..<end].elementsEqual(wanted.utf8)
        }
    }
}
