import COpenSSL

/// Bytes that must not be seen: a key, a seed, an opened OTP.
///
/// Every description is redacted, comparison takes constant time, and the bytes are overwritten when the last owner
/// goes. Not `Codable` by intent.
package final class Secret: @unchecked Sendable {  // the storage is written before `init` returns and never after
    private let storage: UnsafeMutableRawBufferPointer
    private let isLocked: Bool

    /// How many bytes.
    package let count: Int

    /// Room for `count` bytes, zero at first, that `fill` writes.
    ///
    /// - Parameter locked: in ``SecretMemory``, as far as there is room: for keys that live as long as the process.
    package init(count: Int, locked: Bool = false, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.count = count
        isLocked = locked
        storage = locked ? SecretMemory.allocate(count) : .allocate(byteCount: count, alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        fill(UnsafeMutableRawBufferPointer(rebasing: storage[..<count]))
    }

    /// A copy of `bytes`; the caller's own copy is the caller's to wipe.
    package convenience init(_ bytes: some Collection<UInt8>, locked: Bool = false) {
        self.init(count: bytes.count, locked: locked) { $0.copyBytes(from: bytes) }
    }

    /// Takes `bytes` over: the array is wiped and empty afterwards.
    package convenience init(consuming bytes: inout [UInt8], locked: Bool = false) {
        self.init(count: bytes.count, locked: locked) { $0.copyBytes(from: bytes) }
        wipe(&bytes)
    }

    /// The same bytes for as long as the process lives.
    package var locked: Secret { isLocked ? self : withBytes { Secret($0, locked: true) } }

    /// `count` bytes of the system's cryptographic generator.
    package static func random(_ count: Int) -> Secret {
        Secret(count: count) { SecureRandom.fill($0) }
    }

    deinit {
        if isLocked {
            SecretMemory.release(storage)
        } else {
            OPENSSL_cleanse(storage.baseAddress, storage.count)
            storage.deallocate()
        }
    }

    /// Lends the bytes; the pointer must not outlive `body`.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }
}

extension Secret: Equatable {
    /// Compares in a time that depends on the lengths only.
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { right in constantTimeEquals(left, right) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the bytes, nor how many.
    package var description: String { "‹redacted›" }

    /// Never the bytes, nor how many.
    package var debugDescription: String { "‹redacted›" }

    /// Shows no child, so that `dump` has nothing to walk into.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Overwrites the array's bytes where they lie (as long as nobody else holds the array) and empties it.
package func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
}
