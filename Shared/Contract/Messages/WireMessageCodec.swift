/// A list of messages as one run of bytes: what an inbox row holds.
///
/// Version 1: the byte 1, the number of messages, then of each: topic, partition, key, the number of headers, each
/// header's name and value, value. Numbers are LEB128; texts and bytes have their length before them, and what can be
/// absent has the length plus one, or 0. A header's name is its place in `names` plus one, or 0 and the text.
package enum WireMessageCodec {
    /// Bytes that no encoder of a known version wrote.
    package struct DecodingError: Error, Equatable, CustomStringConvertible {
        /// Where reading stopped.
        package var offset: Int
        package var description: String { "stored messages can't be read beyond byte \(offset)" }
    }

    private static let version: UInt8 = 1

    /// The names that version 1 abbreviates; they may never change places.
    private static let names: [String] = [
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "content-type", "ce_tenant",
        "ce_correlationid", "ce_causationid", "ce_traceparent", "ce_tracestate", "ce_authtype", "ce_authid",
        "ce_expirytime", "kafka_correlationId",
    ]
    private static let places = Dictionary(uniqueKeysWithValues: zip(names, UInt64(1)...))

    /// Equal messages give equal bytes.
    package static func encode(_ messages: [WireMessage]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(messages.reduce(8) { $0 + 256 + ($1.value?.count ?? 0) })
        bytes.append(version)
        Varint.append(UInt64(messages.count), to: &bytes)
        for message in messages {
            append(text: message.topic, to: &bytes)
            // Negative partitions don't exist; the bit pattern keeps even those.
            Varint.append(message.partition.map { UInt64(UInt32(bitPattern: $0)) + 1 } ?? 0, to: &bytes)
            append(optional: message.key, to: &bytes)
            Varint.append(UInt64(message.headers.count), to: &bytes)
            // Headers nearly always come in the order of `names`.
            var next = 0
            for header in message.headers {
                let place =
                    next < names.count && names[next] == header.name
                    ? UInt64(next) + 1 : places[header.name] ?? 0
                if place > 0 { next = Int(place) }
                Varint.append(place, to: &bytes)
                if place == 0 { append(text: header.name, to: &bytes) }
                append(optional: header.value, to: &bytes)
            }
            append(optional: message.value, to: &bytes)
        }
        return bytes
    }

    /// - Throws: `DecodingError` for anything but what `encode` makes.
    package static func decode(_ bytes: [UInt8]) throws(DecodingError) -> [WireMessage] {
        var reader = Reader(bytes: bytes)
        guard try reader.byte() == version else { throw DecodingError(offset: 0) }
        var messages: [WireMessage] = []
        for _ in 0..<(try reader.count()) { messages.append(try reader.message()) }
        guard reader.position == bytes.count else { throw DecodingError(offset: reader.position) }
        return messages
    }

    private static func append(text: String, to bytes: inout [UInt8]) {
        Varint.append(UInt64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(optional value: [UInt8]?, to bytes: inout [UInt8]) {
        guard let value else { return bytes.append(0) }
        Varint.append(UInt64(value.count) + 1, to: &bytes)
        bytes.append(contentsOf: value)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var failure: DecodingError { DecodingError(offset: position) }

        mutating func message() throws(DecodingError) -> WireMessage {
            let topic = try text(ofLength: length())
            let partition = try number()
            guard partition <= UInt64(UInt32.max) + 1 else { throw failure }
            let key = try optional()
            var headers: [WireHeader] = []
            for _ in 0..<(try count()) {
                let place = try number()
                guard place <= UInt64(names.count) else { throw failure }
                let name = place == 0 ? try text(ofLength: length()) : names[Int(place) - 1]
                headers.append(WireHeader(name, try optional()))
            }
            return WireMessage(
                topic: topic,
                partition: partition == 0 ? nil : Int32(bitPattern: UInt32(partition - 1)),
                key: key,
                headers: headers,
                value: try optional()
            )
        }

        mutating func byte() throws(DecodingError) -> UInt8 {
            guard position < bytes.count else { throw failure }
            position += 1
            return bytes[position - 1]
        }

        mutating func number() throws(DecodingError) -> UInt64 {
            var number: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                let byte = try byte()
                guard shift < 63 || byte <= 1 else { throw failure }
                number |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return number }
            }
            throw failure
        }

        /// A number of things that follow, of which each takes a byte at least.
        mutating func count() throws(DecodingError) -> Int { try length() }

        mutating func length() throws(DecodingError) -> Int {
            let number = try number()
            guard number <= UInt64(bytes.count - position) else { throw failure }
            return Int(number)
        }

        mutating func text(ofLength length: Int) throws(DecodingError) -> String {
            guard let text = String(validating: bytes[position..<(position + length)], as: UTF8.self) else {
                throw failure
            }
            position += length
            return text
        }

        mutating func optional() throws(DecodingError) -> [UInt8]? {
            let number = try number()
            if number == 0 { return nil }
            guard number - 1 <= UInt64(bytes.count - position) else { throw failure }
            let end = position + Int(number - 1)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }
}
