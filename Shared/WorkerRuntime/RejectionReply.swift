import Contract
import TokenCore

extension RejectedReply {
    /// The reply to a rejected command.
    ///
    /// - Parameter type: nil where it could not be read.
    init(_ rejection: Rejection, to type: CommandType?) {
        self.init(
            code: rejection.code.rawValue,
            message: rejection.code.message,
            details: rejection.details.json,
            publicCode: type.flatMap { rejection.code.publicCode(answering: $0) }
        )
    }
}

extension Rejection.Details {
    /// The members of `details`; an absent one is not written.
    var json: JSONObject {
        var object: JSONObject = [:]
        if let attemptsLeft { object.append("attemptsLeft", .integer(Int64(attemptsLeft))) }
        if let field { object.append("field", .string(field)) }
        if let limit { object.append("limit", .string(limit)) }
        if let lockedUntil { object.append("lockedUntil", .string(lockedUntil.rfc3339)) }
        if let maximum { object.append("max", .integer(Int64(maximum))) }
        if let minimum { object.append("min", .integer(Int64(minimum))) }
        if let retryAfter { object.append("retryAfter", .integer(retryAfter)) }
        if let status { object.append("status", .string(status.rawValue)) }
        if let version { object.append("version", .integer(version)) }
        return object
    }
}

extension Rejection.Code {
    /// What may be shown to the person where the precise code would be an oracle: commands that check an OTP.
    func publicCode(answering type: CommandType) -> String? {
        guard type == .verifyOTP || type == .resetToken else { return nil }
        return publicCode?.rawValue
    }
}
