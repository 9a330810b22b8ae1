import Contract
import TokenCore
import WorkerRuntime

/// `otp.request`: an OTP is made and sent; asked for again, it is replaced within the same challenge.
///
/// Rejections: `token_not_found`, `not_deliverable`, `ambiguous_token`, `no_active_token`, `wrong_status`,
/// `too_many_requests`, `destination_blocked`, `locked`, `context_not_allowed`.
struct RequestOTPHandler: CommandHandler {
    static var reads: Reads { [.contact, .sends] }

    func decide(_ command: RequestOTP, _ state: inout WorkingSet, _ context: DecisionContext) -> Outcome {
        let issued: RequestedOTP
        let approval: Approval?
        do throws(Rejection) {
            approval = try command.context.map { given throws(Rejection) in try Approval(given) }
            let request = OTPRequest(
                tokenID: command.tokenId.map { TokenID($0) },
                purpose: Purpose(command.purpose),
                approval: approval
            )
            issued = try state.requestOTP(request, in: context).get()
        } catch {
            return refusal(error, command, state, context)
        }

        let record = state[context.user]
        let destination = ContactMask.mask(issued.address, issued.channel)
        var facts: JSONObject = [
            "challengeId": .string(issued.challenge.id.description),
            "tokenId": .string(issued.tokenID.description),
            "channel": .string(issued.channel.rawValue),
            "destination": .string(destination),
            "expiresAt": .instant(issued.challenge.expiresAt),
            "resendAfter": .instant(issued.resendAfter),
            "sendsLeft": .integer(Int64(issued.sendsLeft)),
            "resend": .bool(issued.isResend),
        ]
        let result = facts
        facts.append("purpose", .string(command.purpose.rawValue))
        if issued.isSuspect { facts.append("suspect", .bool(true)) }
        facts.append("notificationId", .string(issued.challenge.otp.notificationID.description))
        return Outcome(
            .ok(result),
            events: [Consequences(record: record, context: context).event(.otpRequested, issued.tokenID, facts)],
            notifications: [message(issued, approval, command.locale, destination, record, context)],
            tokens: [issued.tokenID]
        )
    }

    /// A destination that nothing is sent to is a fact worth publishing: pumping shows there.
    private func refusal(
        _ rejection: Rejection,
        _ command: RequestOTP,
        _ state: WorkingSet,
        _ context: DecisionContext
    ) -> Outcome {
        let tokenID = command.tokenId.map { TokenID($0) }
        guard rejection.code == .destinationBlocked || rejection.details.limit != nil else {
            return Outcome(.rejected(rejection))
        }
        let facts: JSONObject = [
            "command": .string(CommandType.requestOTP.name),
            "purpose": .string(command.purpose.rawValue),
            "code": .string(rejection.code.rawValue),
            "limit": .text(rejection.details.limit),
        ]
        let consequences = Consequences(record: state[context.user], context: context)
        return .rejected(rejection, events: [consequences.event(.otpRejected, tokenID, facts)])
    }

    private func message(
        _ issued: RequestedOTP,
        _ approval: Approval?,
        _ locale: String?,
        _ maskedDevice: String,
        _ record: UserRecord,
        _ context: DecisionContext
    ) -> NotificationDraft {
        let locale = locale ?? record.contact?.locale
        let type = record[issued.tokenID]?.type.name ?? ""
        let seconds = context.now.secondsUntil(issued.challenge.expiresAt)
        var content: JSONObject = [
            "to": .string(issued.address),
            "otp": .string(issued.value.digits ?? ""),
            "typeName": .string(context.catalogue[type]?.displayName(locale: locale) ?? type),
            "tokenType": .string(type),
            "maskedDevice": .string(maskedDevice),
            // Rounded down, so that the message promises no more than there is.
            "minutes": .integer(max(1, seconds / 60)),
        ]
        if let approval {
            content.append("context", .string(approval.text))
            content.append("reference", .string(approval.reference))
        }
        return NotificationDraft(
            id: issued.challenge.otp.notificationID,
            channel: issued.channel,
            template: approval == nil ? "otp" : "otp.approval",
            locale: locale,
            tokenID: issued.tokenID,
            challengeID: issued.challenge.id,
            expires: issued.challenge.expiresAt,
            content: content
        )
    }
}
