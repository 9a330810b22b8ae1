import Contract
import TokenCore

/// What sets up an authenticator app: told once, in the answer, under a seal of ring `provisioning`.
enum Provisioning {
    /// The result of `token.enroll` and `token.provision`. The seal ends when the token no longer waits for its first
    /// OTP, or after the time that such a token would wait.
    static func result(of provisioned: ProvisionedToken, _ report: TokenReport) -> JSONObject {
        var result: JSONObject = ["token": report.view]
        guard let uri = provisioned.keyURI else { return result }
        let context = report.context
        let token = provisioned.token
        let patience = Int64(context.catalogue.policy(of: token).life.pendingTimeToLive)
        let end = token.times.activateBefore ?? context.now.adding(seconds: patience)
        let sealed = context.envelopes.seal(uri: uri.text, owner: context.user, expires: end)
        result.append("provisioning", .object(["uri": .string(sealed)]))
        return result
    }
}
