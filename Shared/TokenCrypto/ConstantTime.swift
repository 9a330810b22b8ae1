import COpenSSL

/// Whether two byte strings are equal, in a time that depends on their lengths only (`CRYPTO_memcmp`).
///
/// Unequal lengths are told at once: a length is no secret here.
package func constantTimeEquals(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    withContiguousBytes(left) { left in
        withContiguousBytes(right) { right in
            left.count == right.count
                && (left.isEmpty || CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0)
        }
    }
}
