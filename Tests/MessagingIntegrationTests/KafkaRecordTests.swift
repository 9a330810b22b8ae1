import Messaging
import Testing

@Suite("KafkaRecord")
struct KafkaRecordTests {
    @Test("no description, dump or mirror shows a key, a value or a header's value")
    func hidesContents() {
        let secret = bytes("secret")
        let headers = [KafkaHeader(name: "h", value: secret)]
        let record = KafkaRecord(
            topic: "t",
            partition: 1,
            offset: 2,
            timestamp: 3,
            timestampType: .createTime,
            key: secret,
            value: secret,
            headers: headers
        )
        let message = OutgoingMessage(topic: "t", key: secret, value: secret, headers: headers)
        for value: Any in [record, message, headers, [record], [message]] {
            var dumped = ""
            dump(value, to: &dumped)
            for shown in ["\(value)", String(reflecting: value), dumped] {
                #expect(!shown.contains("115") && !shown.contains("secret"), "115 is the s of secret")
            }
        }
        #expect("\(record)" == "t[1] at 2")
    }
}
