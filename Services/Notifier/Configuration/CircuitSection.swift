import Settings
import Yams

extension ConfigurationReader {
    /// `concurrency` and `circuit` beside a provider's name.
    mutating func readPace(_ mapping: Node.Mapping, _ path: String) -> (concurrency: Int, circuit: CircuitSettings) {
        (number(mapping, "concurrency", 1...1_000, path) ?? 32, readCircuit(mapping, path))
    }

    private mutating func readCircuit(_ mapping: Node.Mapping, _ path: String) -> CircuitSettings {
        var settings = CircuitSettings()
        let path = "\(path).circuit"
        guard let node = mapping["circuit"],
            let inner = self.mapping(node, path, keys: ["failureRate", "minimum", "open"])
        else { return settings }
        if let node = inner["failureRate"] {
            if let rate = node.float, rate > 0, rate <= 1 {
                settings.failureRate = rate
            } else {
                refuse(node, "\(path).failureRate", "a number above 0, at most 1")
            }
        }
        if let minimum = number(inner, "minimum", 1...CircuitBreaker.mostRemembered, path) {
            settings.minimum = minimum
        }
        if let text = string(inner, "open", path) {
            if let pause = parseDuration(text), pause > .zero {
                settings.openFor = pause
            } else {
                refuse(inner["open"], "\(path).open", "one duration: a number above 0 and s, m, h or d")
            }
        }
        return settings
    }
}
