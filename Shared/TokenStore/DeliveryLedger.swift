package import Postgres
package import TokenCore

/// What a notification is asked about before it is sent.
package struct DeliveryInquiry: Equatable, Sendable {
    package let notification: NotificationID
    package let tenant: String
    /// Nil: a notice, which no challenge can void.
    package let challenge: ChallengeID?

    package init(notification: NotificationID, tenant: String, challenge: ChallengeID?) {
        self.notification = notification
        self.tenant = tenant
        self.challenge = challenge
    }
}

/// What the store says of a notification.
package struct DeliveryStanding: Equatable, Sendable {
    /// Whose turn it is to send.
    package enum Claim: Equatable, Sendable {
        /// Ours, from now on for the length of the lease.
        case ours
        /// Another notifier's, or one's that died: until its lease ends, nobody knows.
        case anothers(until: Instant)
        /// It is over.
        case finished(DeliveryResult)
    }

    package let claim: Claim
    /// The named challenge is open and this message carries its current value; nil where none was named.
    package let isCurrent: Bool?
    /// The database's clock.
    package let now: Instant

    package init(claim: Claim, isCurrent: Bool?, now: Instant) {
        self.claim = claim
        self.isCurrent = isCurrent
        self.now = now
    }
}

/// How a delivery ended.
package struct DeliveryResult: Equatable, Sendable {
    package let state: DeliveryState
    /// Of `failed` the code, of `dropped` the reason.
    package let code: String?
    package let finishedAt: Instant

    package init(state: DeliveryState, code: String?, finishedAt: Instant) {
        self.state = state
        self.code = code
        self.finishedAt = finishedAt
    }
}

/// The rows that keep a notification from being sent twice. One connection, one thread.
package final class DeliveryLedger {
    private let settings: StoreSettings
    private var connection: PGConnection
    /// Names this notifier's claims.
    private let claim: UUIDValue
    private let leaseSeconds: Int64

    /// - Parameter leaseSeconds: how long a claim holds without being renewed: longer than any one attempt.
    package init(_ settings: StoreSettings, claim: UUIDValue, leaseSeconds: Int64) throws(PostgresError) {
        self.settings = settings
        self.claim = claim
        self.leaseSeconds = leaseSeconds
        connection = try settings.connect()
    }

    package var isBroken: Bool { connection.isBroken }

    package func reconnect() throws(PostgresError) {
        connection.close()
        connection = try settings.connect()
    }

    package func close() {
        connection.close()
    }

    /// Claims, or claims anew, what nobody else has, and tells how each stands; in one round trip.
    package func claim(_ inquiries: [DeliveryInquiry]) throws -> [NotificationID: DeliveryStanding] {
        let sorted = inquiries.sorted { $0.notification.value < $1.notification.value }
        let ids = PGParameter.uuids(sorted.map { PGUUID($0.notification.value) })
        let steps = [
            PipelineStep(.begin),
            PipelineStep(
                DeliveryClaims.claim,
                [ids, .texts(sorted.map(\.tenant)), .uuid(PGUUID(claim)), .int64(leaseSeconds)]
            ),
            PipelineStep(
                DeliveryClaims.look,
                [
                    ids, .uuids(sorted.map { $0.challenge.map { PGUUID($0.value) } }), .uuid(PGUUID(claim)),
                    .int64(leaseSeconds),
                ]
            ),
            PipelineStep(.commit),
        ]
        do {
            return try DeliveryClaims.decode(connection.pipeline(steps)[2])
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Records how deliveries ended; may be repeated where it is not known whether it succeeded.
    ///
    /// - Returns: how each ended by its row, which is another end than the one given where another notifier was first.
    ///   One that is missing is held by another notifier, and not at its end.
    package func record(
        _ endings: [(notification: NotificationID, state: DeliveryState, code: String?)]
    ) throws -> [NotificationID: DeliveryResult] {
        let sorted = endings.sorted { $0.notification.value < $1.notification.value }
        let ids = PGParameter.uuids(sorted.map { PGUUID($0.notification.value) })
        let steps = [
            PipelineStep(.begin),
            PipelineStep(
                DeliveryClaims.record,
                [
                    ids, .int16s(sorted.map { Codes.delivery.code($0.state) }), .texts(sorted.map(\.code)),
                    .uuid(PGUUID(claim)),
                ]
            ),
            PipelineStep(DeliveryClaims.ends, [ids]),
            PipelineStep(.commit),
        ]
        do {
            let rows = try connection.pipeline(steps)[2]
            var results: [NotificationID: DeliveryResult] = [:]
            for row in rows.rows {
                results[NotificationID(UUIDValue(rows.uuid(row, 0)))] = try DeliveryClaims.result(rows, row, from: 1)
            }
            return results
        } catch {
            connection.rollback()
            throw error
        }
    }

    /// Gives claims back unsent, so that the next owner need not wait for their leases.
    package func release(_ notifications: [NotificationID]) throws(PostgresError) {
        _ = try connection.query(
            DeliveryClaims.release,
            [.uuids(notifications.map { PGUUID($0.value) }), .uuid(PGUUID(claim))]
        )
    }
}
