import COpenSSL

/// The hash under an HMAC.
package enum HMACAlgorithm: CaseIterable, Sendable {
    case sha1, sha256, sha512

    /// Bytes of one MAC.
    package var length: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    fileprivate var name: StaticString {
        switch self {
        case .sha1: "SHA1"
        case .sha256: "SHA256"
        case .sha512: "SHA512"
        }
    }
}

/// HMAC (RFC 2104) with a key that is set once and used for many values.
///
/// A lane keeps one for each algorithm and calls ``setKey(_:)-(Secret)`` for each token: a window of ten values costs
/// about 2 µs, five times less than ten calls from scratch. Not thread-safe.
package final class HMACContext {
    /// The hash under this HMAC.
    package let algorithm: HMACAlgorithm
    private let context: OpaquePointer

    /// A context whose key is empty until one is set.
    package init(algorithm: HMACAlgorithm) {
        self.algorithm = algorithm
        context = OpenSSL.made(EVP_MAC_CTX_new(OpenSSL.hmac), "EVP_MAC_CTX_new")
        // The parameters only point at their name and value: both must live until they are set.
        OSSL_MAC_PARAM_DIGEST.withCString { digest in
            algorithm.name.withUTF8Buffer { name in
                let text = UnsafeMutableRawPointer(mutating: name.baseAddress)?.assumingMemoryBound(to: CChar.self)
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(digest, text, name.count), OSSL_PARAM_construct_end(),
                ]
                OpenSSL.require(EVP_MAC_CTX_set_params(context, parameters), "EVP_MAC_CTX_set_params")
            }
        }
        forgetKey()
    }

    /// A context with a key.
    package convenience init(algorithm: HMACAlgorithm, key: Secret) {
        self.init(algorithm: algorithm)
        setKey(key)
    }

    /// A context with a key.
    package convenience init(algorithm: HMACAlgorithm, key: UnsafeRawBufferPointer) {
        self.init(algorithm: algorithm)
        setKey(key)
    }

    deinit {
        EVP_MAC_CTX_free(context)  // wipes the key and the states made of it
    }

    /// Takes the next token's key; the one before is overwritten.
    package func setKey(_ key: Secret) {
        key.withBytes(setKey)
    }

    /// Takes the next token's key; the one before is overwritten.
    package func setKey(_ key: UnsafeRawBufferPointer) {
        key.withOctets { key, count in OpenSSL.require(EVP_MAC_init(context, key, count, nil), "EVP_MAC_init") }
    }

    /// Overwrites the key with an empty one.
    package func forgetKey() {
        setKey(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Writes the MAC of `message` into `output`.
    ///
    /// - Precondition: `output` has room for `algorithm.length` bytes.
    package func mac(_ message: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
        precondition(output.count >= algorithm.length, "no room for the MAC")
        // A NULL key starts again with the states of the key that is set.
        OpenSSL.require(EVP_MAC_init(context, nil, 0, nil), "EVP_MAC_init")
        message.withOctets { message, count in
            OpenSSL.require(EVP_MAC_update(context, message, count), "EVP_MAC_update")
        }
        var written = 0
        let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        OpenSSL.require(EVP_MAC_final(context, start, &written, output.count), "EVP_MAC_final")
    }

    /// The MAC of `message`.
    package func mac(_ message: some Collection<UInt8>) -> [UInt8] {
        withContiguousBytes(message) { message in
            [UInt8](unsafeUninitializedCapacity: algorithm.length) { buffer, initialized in
                mac(message, into: UnsafeMutableRawBufferPointer(buffer))
                initialized = algorithm.length
            }
        }
    }

    /// The same for an array, without the cost of a generic call.
    package func mac(_ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: algorithm.length) { buffer, initialized in
            message.withUnsafeBytes { mac($0, into: UnsafeMutableRawBufferPointer(buffer)) }
            initialized = algorithm.length
        }
    }

    /// The dynamic truncation of the MAC of a moving factor (RFC 4226 §5.3): the 31 bits `Snum`, before the modulus.
    ///
    /// - Parameter counter: an HOTP counter or a TOTP time step (RFC 6238 §4.2), hashed as 8 bytes, big-endian.
    package func truncated(counter: UInt64) -> UInt32 {
        withUnsafeBytes(of: counter.bigEndian) { message in
            withUnsafeTemporaryAllocation(byteCount: algorithm.length, alignment: 16) { mac in
                self.mac(message, into: mac)
                let offset = Int(mac[mac.count - 1] & 0xF)
                let word = mac.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                OPENSSL_cleanse(mac.baseAddress, mac.count)
                return UInt32(bigEndian: word) & 0x7FFF_FFFF
            }
        }
    }
}
