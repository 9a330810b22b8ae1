/// When a provider is judged to be sick.
struct CircuitSettings: Equatable, Sendable {
    /// The share of failed attempts at which the circuit opens, above 0 and at most 1.
    var failureRate = 0.5
    /// Attempts below which no share is computed.
    var minimum = 5
    /// How long the circuit stays open at first; doubled for each probe that fails, up to eight times.
    var openFor: Duration = .seconds(15)
}
