import Contract
import Foundation
import Messaging

/// A record as one line: the JSON format of CloudEvents.
enum EventLine {
    /// Data that are no JSON stand in `data_base64`.
    static func text(of record: KafkaRecord) -> [UInt8] {
        let value = record.value ?? []
        let parsed = json(value)
        if case .structuredCloudEvent? = record.attribute(.contentType).map(MediaType.init), let event = parsed {
            return event.serialized()
        }
        var event = JSONObject()
        for header in record.headers {
            let name = header.name.lowercased()
            guard name.hasPrefix(Header.attributePrefix), let value = header.value else { continue }
            event.set(
                String(name.dropFirst(Header.attributePrefix.count)),
                to: .string(String(decoding: value, as: UTF8.self))
            )
        }
        if let parsed {
            event.set("data", to: parsed)
        } else if record.value != nil {
            event.set("data_base64", to: .string(Data(value).base64EncodedString()))
        }
        return event.serialized()
    }

    private static func json(_ bytes: [UInt8]) -> JSONValue? {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            return nil
        }
    }
}
