import TokenCore
import TokenStore

/// What to do with a notification, given how it stands in the store. Pure.
enum DeliveryDecision: Equatable {
    case send
    /// Nothing is sent, and that is told.
    case drop(DropReason)
    /// It can't be sent, and that is told.
    case fail(DeliveryPolicy.Ending)
    /// It ended before; only what was told then is told again.
    case repeatResult(DeliveryResult)
    /// Another notifier may be sending it.
    case wait(until: Instant)

    enum DropReason: String {
        case expired
        case void
    }

    /// - Parameter content: what there is to send, by the notifier's own reading.
    init(_ standing: DeliveryStanding, deadline: Instant, content: Parcel.Content) {
        switch standing.claim {
        case .finished(let result): self = .repeatResult(result)
        case .anothers(let end): self = .wait(until: end)
        case .ours:
            if standing.now >= deadline {
                self = .drop(.expired)
            } else if standing.isCurrent == false {
                self = .drop(.void)
            } else {
                switch content {
                case .message: self = .send
                case .late: self = .drop(.expired)
                case .misaddressed: self = .fail(.invalidDestination)
                }
            }
        }
    }
}
