import COpenSSL
import Glibc

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
    /// - Parameter locked: a page of its own, kept out of swap and core dumps as far as the system lets us: for keys that
    ///   live as long as the process. Best effort; the limit is `RLIMIT_MEMLOCK`.
    package init(count: Int, locked: Bool = false, fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.count = count
        let page = locked && count > 0 ? Self.lockedPages(count) : nil
        isLocked = page != nil
        storage = page ?? .allocate(byteCount: count, alignment: 16)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        fill(UnsafeMutableRawBufferPointer(rebasing: storage[..<count]))
    }

    /// A copy of `bytes`; the caller's own copy is the caller's to wipe.
    package convenience init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
    }

    /// Takes `bytes` over: the array is wiped and empty afterwards.
    package convenience init(consuming bytes: inout [UInt8], locked: Bool = false) {
        self.init(count: bytes.count, locked: locked) { $0.copyBytes(from: bytes) }
        wipe(&bytes)
    }

    /// `count` bytes of the system's cryptographic generator.
    package static func random(_ count: Int) -> Secret {
        Secret(count: count) { SecureRandom.fill($0) }
    }

    deinit {
        OPENSSL_cleanse(storage.baseAddress, storage.count)
        if isLocked {
            munlock(storage.baseAddress, storage.count)
            munmap(storage.baseAddress, storage.count)
        } else {
            storage.deallocate()
        }
    }

    /// Lends the bytes; the pointer must not outlive `body`.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
    }

    /// `MADV_DONTDUMP` of Linux, which Glibc's module does not export.
    private static let dontDump: Int32 = 16

    private static func lockedPages(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        let size = (count + 4_095) / 4_096 * 4_096
        guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { return nil }
        // A refusal of either is no reason to refuse the key: the page is still wiped before it goes.
        _ = mlock(start, size)
        _ = madvise(start, size, dontDump)
        return UnsafeMutableRawBufferPointer(start: start, count: size)
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
