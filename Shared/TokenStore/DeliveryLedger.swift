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

/// An end to be recorded.
package struct DeliveryEnd: Equatable, Sendable {
    package let notification: NotificationID
    package let tenant: String
    package let state: DeliveryState
    package let code: String?
    /// Of a sent one whose provider tells later what became of it.
    package let sent: SentMessage?

    package init(
        notification: NotificationID,
        tenant: String,
        state: DeliveryState,
        code: String?,
        sent: SentMessage? = nil
    ) {
        self.notification = notification
        self.tenant = tenant
        self.state = state
        self.code = code
        self.sent = sent
    }
}

/// What the store answers.
package struct DeliveryExchange: Sendable {
    /// How each ended by its row, which is another end than the one given where another notifier was first. One that is
    /// missing is held by another notifier, and not at its end.
    package let results: [NotificationID: DeliveryResult]
    /// How each that was to be claimed stands.
    package let standings: [NotificationID: DeliveryStanding]
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

    /// Records how deliveries ended, then claims, or claims anew, what nobody else has: one transaction, one round trip.
    /// May be repeated where it is not known whether it succeeded.
    package func exchange(_ ends: [DeliveryEnd], claiming inquiries: [DeliveryInquiry]) throws -> DeliveryExchange {
        guard !ends.isEmpty || !inquiries.isEmpty else { return DeliveryExchange(results: [:], standings: [:]) }
        var steps = [PipelineStep(.begin)]
        if !ends.isEmpty { steps += recording(ends.sorted { $0.notification.value < $1.notification.value }) }
        let recorded = steps.count - 1
        if !inquiries.isEmpty { steps += claiming(inquiries.sorted { $0.notification.value < $1.notification.value }) }
        steps.append(PipelineStep(.commit))
        do {
            let answers = try connection.pipeline(steps)
            return DeliveryExchange(
                results: ends.isEmpty ? [:] : try DeliveryClaims.decode(ends: answers[recorded]),
                standings: inquiries.isEmpty ? [:] : try DeliveryClaims.decode(answers[answers.count - 2])
            )
        } catch {
            connection.rollback()
            throw error
        }
    }

    private func recording(_ ends: [DeliveryEnd]) -> [PipelineStep] {
        let ids = PGParameter.uuids(ends.map { PGUUID($0.notification.value) })
        let sent = ends.compactMap { end in end.sent.map { (end.notification, $0) } }
        return (sent.isEmpty ? [] : [DeliveryReceipts.expecting(sent)]) + [
            PipelineStep(
                DeliveryClaims.record,
                [
                    ids, .texts(ends.map(\.tenant)), .int16s(ends.map { Codes.delivery.code($0.state) }),
                    .texts(ends.map(\.code)), .uuid(PGUUID(claim)),
                ]
            ),
            PipelineStep(DeliveryClaims.ends, [ids]),
        ]
    }

    private func claiming(_ inquiries: [DeliveryInquiry]) -> [PipelineStep] {
        let ids = PGParameter.uuids(inquiries.map { PGUUID($0.notification.value) })
        let tail: [PGParameter] = [.uuid(PGUUID(claim)), .int64(leaseSeconds)]
        return [
            PipelineStep(DeliveryClaims.claim, [ids, .texts(inquiries.map(\.tenant))] + tail),
            PipelineStep(
                DeliveryClaims.look,
                [ids, .uuids(inquiries.map { $0.challenge.map { PGUUID($0.value) } })] + tail
            ),
        ]
    }

    /// Applies receipts, in the order given; may be repeated where it is not known whether it succeeded.
    ///
    /// - Returns: how each one's notification stands; nil where no message of that name is known (yet).
    package func apply(_ receipts: [DeliveryReceipt]) throws -> [ReceiptStanding?] {
        guard !receipts.isEmpty else { return [] }
        do {
            let answers = try connection.pipeline(
                [PipelineStep(.begin)] + DeliveryReceipts.applying(receipts) + [PipelineStep(.commit)]
            )
            let standings = try DeliveryReceipts.decode(answers[4])
            return receipts.map {
                standings[DeliveryReceipts.Name(provider: $0.provider, messageID: $0.messageID)]
            }
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
