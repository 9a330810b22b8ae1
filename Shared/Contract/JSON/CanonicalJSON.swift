/// The JSON Canonicalization Scheme (RFC 8785): one text for all spellings of a value, fit for hashing.
package enum CanonicalJSON {
    /// Members sorted by UTF-16 code units (§3.2.3), numbers as ECMAScript prints them (§3.2.2.3), no white space.
    ///
    /// All numbers are IEEE 754 doubles here: an integer beyond 2^53 is written as the double nearest to it.
    package static func bytes(of value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .null, .bool: JSONWriter.append(value, to: &bytes)
        case .string(let string): JSONWriter.append(quoting: string, to: &bytes)
        case .integer(let integer):
            if integer.magnitude <= 1 << 53 {
                JSONWriter.append(integer, to: &bytes)
            } else {
                bytes.append(contentsOf: ECMAScriptNumber.text(of: Double(integer)).utf8)
            }
        case .double(let double): bytes.append(contentsOf: ECMAScriptNumber.text(of: double).utf8)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            let sorted = object.members.sorted { UTF16Order.precedes($0.name, $1.name) }
            for (index, member) in sorted.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONWriter.append(quoting: member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
