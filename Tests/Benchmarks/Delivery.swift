import ArgumentParser
import Contract
import Foundation
import Messaging
import ReceiverSupport
import Settings
import TestSupport
import TokenCore
import TokenStore
import Transport

/// What a message costs the notifier, beside what the same message costs libcurl alone.
struct Delivery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delivery",
        abstract:
            "Measures the notifier at 1, 16 and 128 messages at a time, beside the same load sent by libcurl alone."
    )

    @Option(help: "Messages of each measurement.")
    var messages = 2_000
    @Option(help: "The run is given up after so many seconds.")
    var seconds = 300
    @Option(help: "The notifier's executable; by default the one beside this one.")
    var notifier: String?

    func run() async throws {
        // Whatever hangs: children end with their parent.
        alarm(UInt32(seconds))
        let surroundings = try Surroundings(brokerBinary: nil)
        let path = notifier ?? executableFolder.appending(path: "notifier").path
        print(line(["", "notifier/s", "CPU µs", "libcurl/s", "CPU µs", "ratio/s"]))
        for channel in Channel.allCases {
            for concurrency in [1, 16, 128] {
                let name = "\(channel.rawValue)\(concurrency)"
                let run = DeliveryRun(
                    name: name,
                    channel: channel,
                    concurrency: concurrency,
                    count: concurrency == 1 ? messages / 4 : messages
                )
                let ours = try await run.notifier(path, surroundings)
                let bare = try await run.transport()
                print(
                    line([
                        "\(channel.rawValue), \(concurrency) at a time", number(ours.rate), number(ours.cpu),
                        number(bare.rate), number(bare.cpu), String(format: "%.2f", ours.rate / bare.rate),
                    ])
                )
            }
        }
    }

    private var executableFolder: URL {
        URL(filePath: Bundle.main.executablePath ?? CommandLine.arguments[0]).deletingLastPathComponent()
    }

    private func line(_ columns: [String]) -> String {
        columns.enumerated().map { index, text in
            index == 0
                ? text.padding(toLength: 24, withPad: " ", startingAt: 0)
                : String(repeating: " ", count: max(1, 12 - text.count)) + text
        }.joined()
    }

    private func number(_ value: Double) -> String { String(format: "%.0f", value) }
}

/// One channel at one concurrency.
private struct DeliveryRun {
    struct Figure {
        /// Messages a second, from the first one received to the last.
        let rate: Double
        /// Microseconds of CPU for each.
        let cpu: Double
    }

    struct TooSlow: Error {}

    let name: String
    let channel: Channel
    let concurrency: Int
    let count: Int

    private static let phone = "+41791234567"
    private static let address = "alice@example.org"
    private static let text = "123456 is your code. It is valid for 5 minutes. Don't give it to anyone."

    /// All messages are on the topic before the notifier starts.
    func notifier(_ program: String, _ surroundings: Surroundings) async throws -> Figure {
        let receiver = try LocalReceiver()
        let topics = Topics(prefix: "\(name).")
        try surroundings.createTopics(topics, partitions: 4)
        let database = try surroundings.database(name)
        let file = FileManager.default.temporaryDirectory.appending(path: "ut-bench-\(getpid())-\(name).yaml")
        try Data(configuration(receiver).utf8).write(to: file)
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { print("\(file.path) is left behind") }
        }
        try write(topics, surroundings)
        var environment = [
            "KAFKA_BOOTSTRAP_SERVERS": surroundings.broker.properties["bootstrap.servers"] ?? "",
            "POSTGRES_URL": database, "KEYS_FILE": surroundings.keyFile, "TOPIC_PREFIX": topics.prefix,
            "NOTIFIER_CONFIG": file.path, "LOG_LEVEL": "warning",
        ]
        for (name, value) in surroundings.broker.properties where name != "bootstrap.servers" {
            environment["KAFKA_PROPERTY_\(name.uppercased().replacing(".", with: "_"))"] = value
        }
        let process = try ChildProcess(program, [], environment: environment)
        let groups = [(name: "notifier", processes: [process.pid])]
        try await wait(receiver, for: 1)
        let (start, spent) = (ContinuousClock.now, ProcessorTime(groups))
        let first = try await receiver.state().taken(channel)
        try await wait(receiver, for: count)
        let end = ContinuousClock.now
        let cpu = ProcessorTime(groups).since(spent)["notifier"] ?? 0
        process.signal(SIGTERM)
        try process.waitForExit(timeout: .seconds(20))
        let received = Double(count - first)
        return Figure(rate: received / ((end - start) / .seconds(1)), cpu: cpu / received * 1_000_000)
    }

    /// The same messages by `Transport`, which is libcurl's multi interface and nothing else.
    func transport() async throws -> Figure {
        let receiver = try LocalReceiver()
        let transport = Transport(Transport.Limits(transfers: concurrency, connectionsPerHost: concurrency))
        let (start, spent) = (ContinuousClock.now, clock())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= concurrency { try await group.next() }
                group.addTask { try await send(index, transport, receiver) }
            }
            try await group.waitForAll()
        }
        let (end, cpu) = (ContinuousClock.now, Double(clock() - spent) / Double(CLOCKS_PER_SEC))
        await transport.shutdown()
        return Figure(rate: Double(count) / ((end - start) / .seconds(1)), cpu: cpu / Double(count) * 1_000_000)
    }

    private func send(_ index: Int, _ transport: Transport, _ receiver: LocalReceiver) async throws {
        switch channel {
        case .sms:
            let body = #"{"to":"\#(Self.phone)","text":"\#(Self.text)","ref":"\#(index)"}"#
            _ = try await transport.send(
                HTTPRequest(
                    method: "POST",
                    url: "http://127.0.0.1:\(receiver.ports.http)/",
                    headers: [HTTPField("content-type", "application/json")],
                    body: Array(body.utf8),
                    timeout: .seconds(30)
                )
            )
        case .email:
            guard let from = MailAddress("no-reply@example.org"), let to = MailAddress(Self.address) else { return }
            _ = try await transport.send(
                MailSubmission(
                    server: MailServer(host: "127.0.0.1", port: receiver.ports.smtp, security: .none),
                    from: Mailbox(address: from),
                    recipient: to,
                    subject: "Your code",
                    text: Self.text,
                    messageID: "m-\(index)",
                    date: 0,
                    timeout: .seconds(30)
                )
            )
        }
    }

    private func write(_ topics: Topics, _ surroundings: Surroundings) throws {
        let producer = try KafkaProducer(Messaging.KafkaSettings(properties: surroundings.broker.properties))
        defer { producer.close() }
        let envelopes = SealedEnvelopes(keys: surroundings.keys, requiresSealing: false)
        for first in stride(from: 0, to: count, by: 500) {
            let notes = (first..<min(first + 500, count)).map { note($0, topics, envelopes) }
            let batch = try producer.produce(notes)
            guard case .acknowledged = producer.wait(for: batch, timeoutMilliseconds: 20_000) else { throw TooSlow() }
        }
    }

    private func note(_ index: Int, _ topics: Topics, _ envelopes: SealedEnvelopes) -> OutgoingMessage {
        let id = UUIDValue(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
        let user = "user-\(index)"
        let sealed = envelopes.seal(
            notification: [
                "to": .string(channel == .sms ? Self.phone : Self.address), "otp": "123456", "minutes": 5,
                "typeName": "Code", "maskedDevice": "***",
            ],
            owner: UserKey(tenant: "default", userID: user),
            expires: Instant(seconds: 4_102_444_800)
        )
        let data: JSONObject = [
            "notificationId": .string("\(id)"), "channel": .string(channel.rawValue), "template": "otp", "locale": "en",
            "tokenId": .string("\(id)"), "sealed": .string(sealed),
        ]
        let headers: [(Header, String)] = [
            (.specVersion, "1.0"), (.id, "n.\(id)"), (.source, "/bench"), (.type, NotificationType.deliver),
            (.contentType, "application/json"),
            (.expiryTime, Instant(seconds: Int64(Date().timeIntervalSince1970) + 600).rfc3339),
        ]
        return OutgoingMessage(
            topic: topics.notifications,
            key: Array("default/\(user)".utf8),
            value: data.serialized(),
            headers: headers.map { KafkaHeader(name: $0.0.name, value: Array($0.1.utf8)) }
        )
    }

    private func configuration(_ receiver: LocalReceiver) -> String {
        """
        channels:
          email:
            - name: relay
              concurrency: \(concurrency)
              smtp: {url: "smtp://127.0.0.1:\(receiver.ports.smtp)", startTLS: none, from: no-reply@example.org}
          sms:
            - name: gateway
              concurrency: \(concurrency)
              http:
                url: "http://127.0.0.1:\(receiver.ports.http)/"
                body: '{"to":"{{to}}","text":"{{text}}","ref":"{{id}}"}'
        """
    }

    private func wait(_ receiver: LocalReceiver, for count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while try await receiver.state().taken(channel) < count {
            guard ContinuousClock.now < deadline else { throw TooSlow() }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension LocalReceiver.State {
    /// Messages so far: a mail is two commands that are counted.
    fileprivate func taken(_ channel: Channel) -> Int { channel == .sms ? httpRequests : smtpCommands / 2 }
}
