import COpenSSL

/// A key made of a password (PBKDF2, RFC 8018 §5.2), for files that others have sealed so.
package enum PBKDF2 {
    /// Most rounds that are done; they take some seconds. A file that asks for more is meant to hold its reader up.
    package static let maximumIterations = 10_000_000

    /// Derives a key.
    ///
    /// - Returns: nil where the salt is empty or longer than 1,024 bytes, the rounds are none or more than
    ///   ``maximumIterations``, or the length is not 1 to 64 bytes.
    package static func key(
        password: Secret,
        salt: some Collection<UInt8>,
        iterations: Int,
        length: Int,
        algorithm: HMACAlgorithm
    ) -> Secret? {
        guard (1...1_024).contains(salt.count), (1...maximumIterations).contains(iterations), (1...64).contains(length)
        else { return nil }
        return withContiguousBytes(salt) { salt in
            Secret(count: length) { output in
                password.withBytes { password in
                    derive(password, salt, iterations, algorithm, into: output)
                }
            }
        }
    }

    private static func derive(
        _ password: UnsafeRawBufferPointer,
        _ salt: UnsafeRawBufferPointer,
        _ iterations: Int,
        _ algorithm: HMACAlgorithm,
        into output: UnsafeMutableRawBufferPointer
    ) {
        let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        salt.withOctets { salt, saltLength in
            password.withOctets { password, passwordLength in
                password.withMemoryRebound(to: CChar.self, capacity: max(passwordLength, 1)) { password in
                    OpenSSL.require(
                        PKCS5_PBKDF2_HMAC(
                            password,
                            Int32(passwordLength),
                            salt,
                            Int32(saltLength),
                            Int32(iterations),
                            OpenSSL.digest(algorithm),
                            Int32(output.count),
                            start
                        ),
                        "PKCS5_PBKDF2_HMAC"
                    )
                }
            }
        }
    }
}
