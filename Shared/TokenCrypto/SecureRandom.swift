import COpenSSL

/// Cryptographic randomness: OpenSSL's generator, seeded by the system.
///
/// No randomness, no service: a failing generator ends the process.
package enum SecureRandom {
    /// Overwrites `buffer` with random bytes.
    package static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress, buffer.count > 0 else { return }
        guard RAND_bytes_ex(nil, start.assumingMemoryBound(to: UInt8.self), buffer.count, 0) == 1 else {
            fatalError("The random generator failed (RAND_bytes): without randomness nothing here is safe")
        }
    }

    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// `count` random words, as `UUIDValue(version7:random:)` takes them; one call of the generator for all.
    package static func words(_ count: Int) -> [UInt64] {
        guard count > 0 else { return [] }
        return [UInt64](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// A number in `0..<bound`, each equally likely: what would make some likelier is drawn again.
    ///
    /// - Precondition: `bound` is not 0.
    package static func uniform(below bound: UInt32) -> UInt32 {
        precondition(bound > 0, "there is no number below 0")
        // 2³² mod bound: the values below it would give some results one chance more than others.
        let surplus = (0 &- bound) % bound
        while true {
            var value: UInt32 = 0
            withUnsafeMutableBytes(of: &value) { fill($0) }
            if value >= surplus { return value % bound }
        }
    }

    /// `count` decimal digits, each equally likely: an OTP.
    package static func digits(_ count: Int) -> String {
        String(unsafeUninitializedCapacity: count) { digits in
            withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { random in
                var written = 0
                while written < count {
                    fill(random)
                    // 250…255 would make 0…5 likelier.
                    for byte in random where byte < 250 && written < count {
                        digits[written] = UInt8(ascii: "0") + byte % 10
                        written += 1
                    }
                }
                OPENSSL_cleanse(random.baseAddress, random.count)
            }
            return count
        }
    }
}
