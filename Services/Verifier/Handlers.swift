import Contract
import WorkerRuntime

extension HandlerTable {
    /// The commands of the service.
    static let verification = HandlerTable()
        .handling(.requestOTP, by: RequestOTPHandler())
        .handling(.verifyOTP, by: VerifyOTPHandler())
        .handling(.cancelOTP, by: CancelOTPHandler())
        .handling(.otpStatus, by: OTPStatusHandler())
        .handling(.resetToken, by: ResetTokenHandler())
        .handling(.unlockToken, by: UnlockTokenHandler())
        .handling(.unlockUser, by: UnlockUserHandler())
}
