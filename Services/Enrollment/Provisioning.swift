import Contract
import TokenCore

/// What sets up an authenticator app, and recovery codes: told once, in the answer, under a seal of ring
/// `provisioning`.
enum Provisioning {
    /// The result of `token.enroll` and `token.provision`. The seal ends when the token no longer waits for its first
    /// OTP, or after the time that such a token would wait.
    static func result(of provisioned: ProvisionedToken, _ report: TokenReport) -> JSONObject {
        var result: JSONObject = ["token": report.view]
        guard let secret = provisioned.secret else { return result }
        let context = report.context
        let token = provisioned.token
        let patience = Int64(context.catalogue.policy(of: token).life.pendingTimeToLive)
        let end = token.times.activateBefore ?? context.now.adding(seconds: patience)
        let sealed: JSONObject =
            switch secret {
            case .keyURI(let uri):
                ["uri": .string(context.envelopes.seal(uri: uri.text, owner: context.user, expires: end))]
            case .recoveryCodes(let codes):
                ["codes": .string(context.envelopes.seal(codes: codes, owner: context.user, expires: end))]
            }
        result.append("provisioning", .object(sealed))
        return result
    }
}
