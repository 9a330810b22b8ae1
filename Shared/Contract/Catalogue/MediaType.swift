/// What a `content-type` says of a record's value (CloudEvents Kafka binding §3).
package enum MediaType: Sendable, Equatable {
    /// The value is the data, as JSON.
    case json
    /// The value is a whole CloudEvent in its JSON format.
    case structuredCloudEvent
    /// Anything that the contract does not read.
    case other

    /// What binary mode writes.
    package static let jsonText = "application/json"
    /// What marks structured mode.
    package static let structuredText = "application/cloudevents+json"

    /// Parameters and case do not matter; any `…/json` and `…+json` is JSON.
    package init(_ text: String) {
        if text == Self.jsonText {
            // What nearly every record says.
            self = .json
            return
        }
        let essence = text.asciiLowercased.prefix { $0 != ";" }.trimmingSpaces
        if essence == Self.structuredText {
            self = .structuredCloudEvent
        } else if essence.hasPrefix("application/cloudevents") {
            self = .other
        } else if essence.hasSuffix("/json") || essence.hasSuffix("+json") {
            self = .json
        } else {
            self = .other
        }
    }
}
