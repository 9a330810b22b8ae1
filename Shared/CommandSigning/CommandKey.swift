import Contract
import Settings
import TokenCrypto

/// One JWK (RFC 7517 §4), public or private, before it is a key.
struct CommandKey {
    private let members: JSONObject
    private let type: String

    /// What private and symmetric keys have (RFC 7518 §6; RFC 8037 §2).
    private static let secretMembers = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"]
    private static let rsaBits = 2_048...8_192

    /// - Throws: where it is no object, or has no type.
    init(_ value: JSONValue, at place: String) throws(KeysError) {
        guard let members = value.objectValue else { throw KeysError("\(place) is no object") }
        guard let type = members["kty"]?.stringValue else { throw KeysError("\(place): \"kty\" is no string") }
        self.members = members
        self.type = type
    }

    var isSecret: Bool { type == "oct" || Self.secretMembers.contains { members[$0] != nil } }

    /// `use` and `key_ops`, where they are there, say so.
    var isForSignatures: Bool {
        if let use = members["use"], use != "sig" { return false }
        guard let operations = members["key_ops"] else { return true }
        guard case .array(let list) = operations else { return false }
        return list.contains("verify") || list.contains("sign")
    }

    /// The one algorithm that this key is for; nil: none of ours.
    var algorithm: SignatureAlgorithm? {
        let algorithm: SignatureAlgorithm? =
            switch (type, members["crv"]?.stringValue) {
            case ("OKP", "Ed25519"): .edDSA
            case ("EC", "P-256"): .es256
            case ("RSA", nil): .rs256
            default: nil
            }
        guard let algorithm, let named = members["alg"] else { return algorithm }
        return named == .string(algorithm.rawValue) ? algorithm : nil
    }

    func verificationKey(_ algorithm: SignatureAlgorithm, at place: String) throws(KeysError) -> VerificationKey {
        let numbers = try publicNumbers(algorithm, at: place)
        return VerificationKey(
            kid: try kid(at: place),
            algorithm: algorithm,
            numbers: numbers.map(\.value),
            primitive: try primitive(algorithm, numbers, at: place)
        )
    }

    /// The key to sign with.
    func signingKey(_ algorithm: SignatureAlgorithm, at place: String) throws(KeysError) -> KeyPrimitive {
        var numbers = try publicNumbers(algorithm, at: place)
        for name in algorithm == .rs256 ? ["d", "p", "q"] : ["d"] {
            numbers.append((name, try number(name, length: algorithm == .rs256 ? 1...1_024 : 32...32, at: place)))
        }
        return try primitive(algorithm, numbers, at: place)
    }

    func kid(at place: String) throws(KeysError) -> String {
        guard let kid = members["kid"]?.stringValue, (1...255).contains(kid.utf8.count),
            kid.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw KeysError("\(place): \"kid\" is not 1-255 visible characters of ASCII") }
        return kid
    }

    private func publicNumbers(
        _ algorithm: SignatureAlgorithm,
        at place: String
    ) throws(KeysError) -> [(name: String, value: String)] {
        switch algorithm {
        case .edDSA: return [("x", try number("x", length: 32...32, at: place))]
        case .es256:
            return try ["x", "y"].map { name throws(KeysError) in
                (name, try number(name, length: 32...32, at: place))
            }
        case .rs256:
            let modulus = try number("n", length: 1...1_025, at: place)
            let significant = (Base64URL.decode(modulus) ?? []).drop { $0 == 0 }
            let bits = significant.count * 8 - (significant.first?.leadingZeroBitCount ?? 0)
            guard Self.rsaBits.contains(bits) else {
                throw KeysError(
                    "\(place): an RSA key has \(Self.rsaBits.lowerBound) to \(Self.rsaBits.upperBound) bits"
                )
            }
            return [("n", modulus), ("e", try number("e", length: 1...8, at: place))]
        }
    }

    private func number(_ name: String, length: ClosedRange<Int>, at place: String) throws(KeysError) -> String {
        guard let text = members[name]?.stringValue, let bytes = Base64URL.decode(text),
            length.contains(bytes.count)
        else { throw KeysError("\(place): \"\(name)\" is no base64url of the right length") }
        return text
    }

    /// From a JWK of the checked members alone.
    private func primitive(
        _ algorithm: SignatureAlgorithm,
        _ numbers: [(name: String, value: String)],
        at place: String
    ) throws(KeysError) -> KeyPrimitive {
        var jwk: JSONObject = ["kty": .string(type)]
        if let curve = members["crv"] { jwk.set("crv", to: curve) }
        for (name, value) in numbers { jwk.set(name, to: .string(value)) }
        do {
            return try KeyPrimitive(
                jwk: String(decoding: JSONValue.object(jwk).serialized(), as: UTF8.self),
                algorithm: algorithm
            )
        } catch {
            throw KeysError("\(place): no usable \(algorithm.rawValue) key")
        }
    }
}
