import Contract
import TokenCore
import TokenCrypto
import TokenStore

/// Seals the seeds of one import.
struct SeedSealing {
    private let sealer: SubmissionSealer
    private let tenant: String
    /// The commands may wait for a service that is away.
    private let expires = Instant.now.adding(seconds: 86_400)

    /// nil where the ring `submission` has no active key.
    init?(keys: KeyRings, tenant: String) {
        guard let sealer = SubmissionSealer(keys: keys) else { return nil }
        self.sealer = sealer
        self.tenant = tenant
    }

    func seal(_ secret: Secret, serial: String) -> String {
        sealer.seal(secret: secret, tenant: tenant, serial: serial, expires: expires)
    }
}
