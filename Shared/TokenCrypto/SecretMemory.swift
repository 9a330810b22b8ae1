import COpenSSL

/// OpenSSL's secure heap: pages of their own between guards, locked, kept out of core dumps, and wiped when freed. Keys
/// that live as long as the process lie in it, and OpenSSL's own private keys. It costs a microsecond or two to take a
/// piece: what lives for one command is only wiped.
package enum SecretMemory {
    /// What could be had.
    package enum Standing: Equatable, Sendable {
        case locked
        /// There, but the system may write it to its swap: `RLIMIT_MEMLOCK` is too small.
        case unlocked
        /// Secrets lie where all else does.
        case absent
    }

    /// Well below the limit that systems set, and room for thousands of keys.
    package static let size = 256 * 1_024
    private static let smallest = 32

    /// Makes the heap, once for the process and before the first key is read.
    package static func begin() -> Standing {
        switch CRYPTO_secure_malloc_init(size, smallest) {
        case 1: .locked
        case 2: .unlocked
        default: .absent
        }
    }

    /// Zeros of the heap, or of the ordinary one where there is no heap or no room in it.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        let room = max(1, count)
        // What is larger, a file of keys as it is read, would leave no room for the keys.
        let piece = room <= size / 16 ? CRYPTO_secure_zalloc(room, nil, 0) : nil
        guard let start = piece ?? CRYPTO_zalloc(room, nil, 0) else { preconditionFailure("no memory for a secret") }
        return UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    /// Wipes and gives back, whichever heap it is of.
    static func release(_ memory: UnsafeMutableRawBufferPointer) {
        CRYPTO_secure_clear_free(memory.baseAddress, max(1, memory.count), nil, 0)
    }

    /// Bytes of the heap that are in use.
    static var used: Int { CRYPTO_secure_malloc_initialized() == 1 ? CRYPTO_secure_used() : 0 }
}
