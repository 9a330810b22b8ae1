package import Contract
import Settings
package import TokenCore
package import TokenCrypto

/// Signs commands with a private key: for tools. Services only verify.
package struct CommandSigner: Sendable {
    /// What a token says beside what it takes from its command.
    package struct Assertion: Sendable {
        package var issuer: String
        /// `authid`.
        package var subject: String
        package var privileges: [String]
        package var issuedAt: Instant
        /// Seconds; at most ``SignedClaims/maximumLifetime``.
        package var lifetime: Int64

        package init(
            issuer: String,
            subject: String,
            privileges: [String],
            issuedAt: Instant,
            lifetime: Int64 = 240
        ) {
            self.issuer = issuer
            self.subject = subject
            self.privileges = privileges
            self.issuedAt = issuedAt
            self.lifetime = lifetime
        }
    }

    /// What ties a token to its command.
    package struct Target: Sendable {
        package var id: String
        package var source: String
        package var type: CommandType
        package var tenant: String
        package var key: [UInt8]
        package var data: [UInt8]

        package init(
            id: String,
            source: String,
            type: CommandType,
            tenant: String,
            key: [UInt8],
            data: [UInt8]
        ) {
            self.id = id
            self.source = source
            self.type = type
            self.tenant = tenant
            self.key = key
            self.data = data
        }
    }

    package let kid: String
    package let algorithm: SignatureAlgorithm
    private let key: KeyPrimitive

    /// Reads a private JWK, from a file that others have no access to.
    ///
    /// - Parameter name: what the mistakes begin with: the option that names the file.
    package init(path: String, name: String) throws(KeysError) {
        let file = try KeyFileContents.read(path: path, name: name)
        try self.init(parsing: file.bytes.withBytes { Array($0) }, name: name)
    }

    /// - Parameter name: what the mistakes begin with.
    package init(parsing text: [UInt8], name: String) throws(KeysError) {
        let value: JSONValue
        do {
            value = try JSONParser.parse(text)
        } catch {
            throw KeysError("\(name): no JSON")
        }
        let jwk = try CommandKey(value, at: name)
        guard let algorithm = jwk.algorithm, jwk.isForSignatures else {
            throw KeysError("\(name): no key for EdDSA (Ed25519), ES256 or RS256")
        }
        kid = try jwk.kid(at: name)
        self.algorithm = algorithm
        key = try jwk.signingKey(algorithm, at: name)
    }

    /// The JWT of a command, bound to everything that tells it from others.
    package func token(for target: Target, _ assertion: Assertion) throws(KeysError) -> String {
        let header: JSONObject = [
            "alg": .string(algorithm.rawValue), "kid": .string(kid), "typ": "JWT",
        ]
        let issued = assertion.issuedAt.microseconds / 1_000_000
        let claims: JSONObject = [
            "iss": .string(assertion.issuer),
            "aud": .string(SignedClaims.ourAudience),
            "sub": .string(assertion.subject),
            "tenant": .string(target.tenant),
            "scope": .string(assertion.privileges.joined(separator: " ")),
            "iat": .integer(issued),
            "exp": .integer(issued + assertion.lifetime),
            "cid": .string(target.id),
            "dig": .string(SignedClaims.digest(of: target.data)),
            "src": .string(target.source),
            "cmd": .string(target.type.rawValue),
            "key": .string(String(decoding: target.key, as: UTF8.self)),
        ]
        return try token(header: header, claims: claims)
    }

    /// A JWT of any header and claims.
    package func token(header: JSONObject, claims: JSONObject) throws(KeysError) -> String {
        let parts = [header, claims].map { Base64URL.encode(JSONValue.object($0).serialized()) }
        let input = parts.joined(separator: ".")
        return "\(input).\(Base64URL.encode(try signature(of: Array(input.utf8))))"
    }

    /// The signature of any bytes.
    package func signature(of message: [UInt8]) throws(KeysError) -> [UInt8] {
        do {
            return try key.signature(of: message)
        } catch {
            throw KeysError("the key cannot sign")
        }
    }
}
