import Foundation
package import Transport

/// `deploy/receiver/receiver.py` as a child process on free ports; ends with its owner.
package final class LocalReceiver: Sendable {
    package struct Message: Decodable, Sendable {
        package let channel: String
        package let to: String
        package let subject: String?
        package let text: String
        package let html: String?
        package let id: String?
        package let sender: String?
        package let recipients: [String]?
        package let headers: [[String]]
        package let raw: String?
        package let tls: Bool?
        package let user: String?
        package let mechanism: String?
        /// What the request's JSON, form, XML or query held, by another's parser.
        package let fields: [String: String]?
        package let method: String?
        package let target: String?
        package let ids: [String]?
        package let parts: Int?
        package let validityPeriod: String?
        package let dataCoding: Int?
        package let source: String?
        package let sourceKind: [Int]?
        package let registeredDelivery: Int?
    }

    package struct State: Decodable, Equatable, Sendable {
        package let smtpConnections: Int
        package let smtpCommands: Int
        package let httpConnections: Int
        package let httpRequests: Int
        package let smppConnections: Int
        package let smppBinds: Int
        package let smppSubmits: Int
        package let smppMessages: Int
        package let smppEnquiries: Int
        package let smppReceiptsTaken: Int
        package let smppReceiptsRefused: Int
        package let smppUnbinds: Int
    }

    package struct Ports: Decodable, Sendable {
        package let smtp: UInt16
        package let smtps: UInt16?
        package let http: UInt16
        package let https: UInt16?
        package let smpp: UInt16
        package let smpps: UInt16?
    }

    package struct CannotStart: Error {}

    package let ports: Ports
    /// The certificate to trust; meaningful where TLS was asked for.
    package let certificate: String
    private let folder: URL
    private let process: Process
    /// Signalled at its end. `waitUntilExit` sleeps for ever where the process ends while it lies down.
    private let ended = DispatchSemaphore(value: 0)
    private let input = Pipe()
    private let control = Transport()

    /// - Parameters:
    ///   - smppPort: 0 takes a free one.
    ///   - options: further ones of the script.
    package init(
        tls: Bool = false,
        login: Credentials? = nil,
        smppPort: UInt16 = 0,
        options: [String] = []
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "receiver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        let tools =
            ProcessInfo.processInfo.environment["USER_TOKENS_TOOLS"].map { URL(filePath: $0) }
            ?? root.appending(path: ".tools")
        process = Process()
        process.executableURL = tools.appending(path: "bin/python")
        var arguments = [root.appending(path: "deploy/receiver/receiver.py").path, "--until-stdin-closes"]
        arguments += ["--smpp-port", "\(smppPort)"]
        if tls { arguments += ["--certificate", folder.path] }
        if let login { arguments += ["--auth", "\(login.username):\(login.password)"] }
        arguments += options
        process.arguments = arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let ended = ended
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw CannotStart() }
            line += more
        }
        ports = try JSONDecoder().decode(Ports.self, from: line)
    }

    deinit {
        end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the process, and with it all connections.
    package func end() {
        try? input.fileHandleForWriting.close()
        // Threads of the pool block SIGTERM, and a child has the mask of the thread that started it.
        kill(process.processIdentifier, SIGKILL)
        ended.wait()
        // Only here Foundation lets go of what it holds for the process.
        while process.isRunning { Thread.sleep(forTimeInterval: 0.001) }
        process.waitUntilExit()
        // For who ends it twice.
        ended.signal()
    }

    /// It stands still, and takes nothing, until ``resume()``.
    package func pause() {
        kill(process.processIdentifier, SIGSTOP)
    }

    package func resume() {
        kill(process.processIdentifier, SIGCONT)
    }

    /// - Parameter since: how many to leave out.
    package func messages(since: Int = 0) async throws -> [Message] {
        try JSONDecoder().decode([Message].self, from: Data(try await ask("GET", "/messages?since=\(since)")))
    }

    /// What mail clients sent, a character a byte.
    package func dialogue() async throws -> String {
        try JSONDecoder().decode(String.self, from: Data(try await ask("GET", "/dialogue")))
    }

    /// How often each id was taken.
    package func counts() async throws -> [String: Int] {
        try JSONDecoder().decode([String: Int].self, from: Data(try await ask("GET", "/counts")))
    }

    package func state() async throws -> State {
        try JSONDecoder().decode(State.self, from: Data(try await ask("GET", "/state")))
    }

    /// - Parameter json: as the receiver's `/faults` takes it.
    package func setFaults(_ json: String) async throws {
        _ = try await ask("POST", "/faults", body: Array(json.utf8))
    }

    private func ask(_ method: String, _ path: String, body: [UInt8] = []) async throws -> [UInt8] {
        let url = "http://127.0.0.1:\(ports.http)\(path)"
        return try await control.send(HTTPRequest(method: method, url: url, body: body, timeout: .seconds(20))).body
    }
}
