/// Why a command is `forbidden`: for the log and the metrics, never for whoever wrote it.
package enum SignatureFault: String, Error, CaseIterable, Sendable {
    /// No header `authorization`, or one that is no `Bearer`.
    case unsigned
    case tooLong = "too_long"
    /// Not three parts of base64url that hold two JSON objects without a member twice.
    case malformed
    /// A header member that would change how the token is read, or that brings its own key.
    case headerNotAllowed = "header_not_allowed"
    /// `kid` is missing, or names no key of the file.
    case unknownKey = "unknown_key"
    /// `alg` is not that of the key, or not one of `COMMAND_JWT_ALGORITHMS`.
    case algorithm
    case signature
    /// A claim is missing or ill-typed.
    case claims
    case issuer
    case audience
    case tenant
    /// `authid` or `authtype` of the command disagree with the token.
    case subject
    /// The token is another command's: `cid`, `dig`, `src`, `cmd` or `key`.
    case otherCommand = "other_command"
    case expired
    /// `exp` is too far away.
    case lifetime
    /// `nbf` or `iat` are still to come.
    case early
    /// The privilege for this type of command is not held.
    case privilege
}
