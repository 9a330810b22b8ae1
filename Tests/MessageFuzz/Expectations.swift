import Contract
import Messaging
import TokenCore

@testable import WorkerRuntime

/// What holds of every record, whatever is in it.
struct Expectations {
    private let record: KafkaRecord
    private let arrival: Arrival

    init(_ record: KafkaRecord, _ arrival: Arrival) {
        self.record = record
        self.arrival = arrival
    }

    func check(_ messages: [WireMessage]) {
        switch arrival.work {
        case .command(let command):
            precondition(!command.envelope.id.isEmpty && !command.envelope.source.isEmpty)
            precondition(command.envelope.key == record.key)
            checkReply(messages)
            checkSecrets(of: command.envelope, messages)
            checkRoundTrip(of: command.envelope)
        case .undecodable(let undecodable, _):
            precondition(messages.count == (undecodable.isAnswerable ? 2 : 1))
            checkDeadLetter(messages[0])
        case .directory(_, let entry):
            // A tombstone or data: never what could not be read.
            precondition(entry == nil || record.value != nil)
        case .deadDirectoryRecord:
            precondition(messages.count == 1)
            checkDeadLetter(messages[0])
        }
    }

    /// One answer, `ok` or a rejection of the catalogue.
    private func checkReply(_ messages: [WireMessage]) {
        let replies = messages.filter { message in
            message.headers.contains {
                $0.name == Header.type.name && ($0.value ?? []).suffix(6) == Array(".reply".utf8)
            }
        }
        precondition(replies.count == 1)
        guard let value = replies[0].value, let reply = try? JSONParser.parse(value).objectValue else {
            preconditionFailure("a reply that is no JSON")
        }
        switch reply["status"] {
        case "ok"?: break
        case "rejected"?:
            guard let code = reply["code"]?.stringValue, Self.codes.contains(code) else {
                preconditionFailure("a rejection outside the catalogue")
            }
        default: preconditionFailure("neither done nor refused")
        }
    }

    private static let codes = Set(Rejection.Code.all.map(\.rawValue))

    /// Headers as received and six of its own, the value sealed.
    private func checkDeadLetter(_ letter: WireMessage) {
        precondition(letter.headers.count == record.headers.count + 6 && letter.key == record.key)
        // A short value may be a part of the JWE's header by chance.
        if let value = record.value, value.count > 120 { precondition(letter.value?.contains(value) == false) }
    }

    /// What the command says in confidence stands in no text about it, and in no message in clear: looked for only where
    /// the record has it in no other place.
    private func checkSecrets(of command: CommandEnvelope, _ messages: [WireMessage]) {
        var secrets: [[UInt8]] = []
        Self.collect(.object(command.data), into: &secrets)
        if let token = command.authorization { secrets.append(Array(token.exposed.utf8)) }
        let places =
            [record.key ?? [], record.value ?? []] + record.headers.flatMap { [Array($0.name.utf8), $0.value ?? []] }
        for secret in secrets where Self.isTelling(secret) {
            guard places.reduce(0, { $0 + $1.occurrences(of: secret) }) == 1 else { continue }
            var texts = ["\(command)", "\(arrival.work)", "\(record)"]
            if case .command(let command) = arrival.work, case .failure(let refusal) = command.content {
                texts.append("\(refusal)")
            }
            precondition(!texts.contains { Array($0.utf8).contains(secret) }, "a description tells a secret")
            for message in messages {
                precondition(message.value?.contains(secret) != true, "a message tells a secret")
                precondition(
                    !message.headers.contains { $0.value?.contains(secret) ?? false },
                    "a header tells a secret"
                )
            }
        }
    }

    private static let confidential: Set<String> = ["otp", "otp1", "otp2", "secret", "phone", "email"]
    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    /// Long enough, and none of the words that our messages have of their own.
    private static func isTelling(_ secret: [UInt8]) -> Bool {
        secret.count >= 8 && secret.contains { digits.contains($0) } && !secret.contains(Array("usertokens".utf8))
    }

    /// - Parameter names: of members whose texts are meant.
    private static func collect(_ value: JSONValue, into secrets: inout [[UInt8]]) {
        switch value {
        case .object(let object):
            for member in object.members {
                if confidential.contains(member.name), let text = member.value.stringValue {
                    secrets.append(Array(text.utf8))
                }
                collect(member.value, into: &secrets)
            }
        case .array(let elements): for element in elements { collect(element, into: &secrets) }
        default: break
        }
    }

    /// The command written in binary mode is the same command.
    private func checkRoundTrip(of command: CommandEnvelope) {
        // What was ill-typed is not in the envelope any more.
        guard command.defect == nil else { return }
        var headers: [(name: String, value: [UInt8]?)] = []
        func add(_ header: Header, _ text: String?) {
            if let text { headers.append((header.name, Array(text.utf8))) }
        }
        add(.specVersion, CloudEvents.specVersion)
        add(.id, command.id)
        add(.source, command.source)
        add(.type, command.type)
        add(.subject, command.subject)
        add(.time, command.time?.rfc3339)
        add(.tenant, command.tenant)
        add(.expiryTime, command.expiryTime?.rfc3339)
        add(.kafkaReplyTopic, command.replyTo)
        add(.correlationID, command.correlationID)
        add(.causationID, command.causationID)
        add(.traceParent, command.traceParent)
        add(.traceState, command.traceState)
        add(.authType, command.authType)
        add(.authID, command.authID)
        add(.authorization, command.authorization?.exposed)
        if let partition = command.replyPartition {
            let bits = UInt32(bitPattern: partition)
            headers.append((Header.kafkaReplyPartition.name, [24, 16, 8, 0].map { UInt8(bits >> $0 & 0xFF) }))
        }
        if let id = command.kafkaCorrelationID { headers.append((Header.kafkaCorrelationID.name, id)) }
        guard
            case .command(var again) = EnvelopeDecoder.decode(
                headers: headers,
                key: command.key,
                value: command.dataBytes
            )
        else { preconditionFailure("what was written is no command") }
        // RFC 8785 puts members in an order of its own.
        precondition(CanonicalJSON.bytes(of: .object(again.data)) == CanonicalJSON.bytes(of: .object(command.data)))
        again.content = command.content
        precondition(again == command, "what was written is another command")
    }
}

extension [UInt8] {
    fileprivate func contains(_ bytes: [UInt8]) -> Bool { occurrences(of: bytes) > 0 }

    fileprivate func occurrences(of bytes: [UInt8]) -> Int {
        guard count >= bytes.count else { return 0 }
        return withUnsafeBufferPointer { all in
            bytes.withUnsafeBufferPointer { sought in
                var found = 0
                for start in 0...(all.count - sought.count) where all[start] == sought[0] {
                    if all[start..<(start + sought.count)].elementsEqual(sought) { found += 1 }
                }
                return found
            }
        }
    }
}
