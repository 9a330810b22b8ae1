/// A `uuid` as two big-endian words, the form in which it crosses the wire (RFC 9562 §4).
package struct PGUUID: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
