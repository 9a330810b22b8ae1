import Contract
package import TokenCrypto

/// The public keys of `COMMAND_JWKS_FILE`, a JWK Set (RFC 7517 §5).
///
/// Keys of kinds that are not ours, or for another use, are passed over, as RFC 7517 wants it: an identity provider's
/// set can be taken as it is. A set without a key of ours is no mistake: then every command is `forbidden`.
package struct CommandKeySet: Sendable {
    /// What the mistakes begin with.
    package static let setting = "COMMAND_JWKS_FILE"
    private static let maximumKeys = 1_000

    private var keys: [String: VerificationKey] = [:]

    /// Their names, sorted.
    package var kids: [String] { keys.keys.sorted() }

    package func key(_ kid: String) -> VerificationKey? { keys[kid] }

    /// How the file is read and watched: anybody may read it, not anybody may write it.
    package static var reading: WatchedFile<CommandKeySet>.Reading {
        WatchedFile.Reading(name: setting, access: .readable) { contents in
            do throws(KeysError) {
                return .success(try CommandKeySet(contents))
            } catch {
                return .failure(error)
            }
        }
    }

    private init(_ file: KeyFileContents) throws(KeysError) {
        try self.init(parsing: file.bytes.withBytes { Array($0) })
    }

    /// - Throws: every mistake in it: no JSON, no key set, a secret, a key that is not what it says, a `kid` twice.
    package init(parsing text: [UInt8]) throws(KeysError) {
        let entries: [JSONValue]
        do {
            guard case .array(let list)? = try JSONParser.parse(text).objectValue?["keys"] else {
                throw KeysError("\(Self.setting): no JWK Set: an object with an array \"keys\"")
            }
            entries = list
        } catch let error as JSONError {
            throw KeysError("\(Self.setting): no JSON (\(error.reason))")
        } catch let error as KeysError {
            throw error
        } catch {
            throw KeysError("\(Self.setting): no JSON")
        }
        guard entries.count <= Self.maximumKeys else {
            throw KeysError("\(Self.setting): more than \(Self.maximumKeys) keys")
        }
        var problems: [String] = []
        for (index, entry) in entries.enumerated() {
            let place = "\(Self.setting): keys[\(index)]"
            do throws(KeysError) {
                let jwk = try CommandKey(entry, at: place)
                // Checked even of those that are passed over: who puts a secret here shows it to many.
                guard !jwk.isSecret else {
                    throw KeysError("\(place): holds a secret; public keys only belong here")
                }
                guard jwk.isForSignatures, let algorithm = jwk.algorithm else { continue }
                let key = try jwk.verificationKey(algorithm, at: place)
                if keys.updateValue(key, forKey: key.kid) != nil {
                    throw KeysError("\(place): its \"kid\" is another key's too")
                }
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw KeysError(problems) }
    }
}
