import Messaging
import Testing

@testable import TokenCtl

@Suite("Line of watch")
struct EventLineTests {
    private func line(_ headers: [(String, String)], _ value: [UInt8]?) -> String {
        let record = KafkaRecord(
            topic: "t",
            partition: 0,
            offset: 0,
            timestamp: 0,
            timestampType: .createTime,
            key: nil,
            value: value,
            headers: headers.map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
        )
        return String(decoding: EventLine.text(of: record), as: UTF8.self)
    }

    @Test("attributes and data make one line, in the JSON format of CloudEvents")
    func binaryMode() {
        let headers = [("ce_id", "1"), ("CE_Type", "a\nb"), ("content-type", "application/json"), ("other", "x")]
        #expect(
            line(headers, Array("{\n \"a\": [1, 2.5]\n}".utf8)) == #"{"id":"1","type":"a\nb","data":{"a":[1,2.5]}}"#
        )
    }

    @Test("an event in structured mode is shown as it is")
    func structuredMode() {
        let headers = [("content-type", "application/cloudevents+json; charset=UTF-8")]
        #expect(line(headers, Array(#"{ "id": "1", "data": null }"#.utf8)) == #"{"id":"1","data":null}"#)
    }

    @Test("data that are no JSON are told in base64, and none not at all")
    func otherData() {
        #expect(line([("ce_id", "1")], [0xFF, 0x0A]) == #"{"id":"1","data_base64":"/wo="}"#)
        #expect(line([("ce_id", "1")], nil) == #"{"id":"1"}"#)
    }
}
