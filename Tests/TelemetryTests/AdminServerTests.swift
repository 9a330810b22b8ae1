import Logging
import Settings
import Telemetry
import Testing
import Transport

@Suite("Admin server", .timeLimit(.minutes(1)))
struct AdminServerTests {
    private func get(_ address: ListenAddress, _ path: String) async throws -> (status: Int, type: String, body: String)
    {
        let request = HTTPRequest(method: "GET", url: "http://\(address)\(path)", timeout: .seconds(20))
        let response = try await Transport().send(request)
        return (response.status, response.header("content-type") ?? "", String(decoding: response.body, as: UTF8.self))
    }

    private func serving(
        _ listen: ListenAddress = ListenAddress(host: "127.0.0.1", port: 0),
        health: HealthState,
        metrics: MetricRegistry = MetricRegistry(),
        _ body: @escaping (AdminServer, ListenAddress) async throws -> Void
    ) async throws {
        let server = try await AdminServer(
            listen: listen,
            metrics: metrics,
            health: health,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let running = Task { try await server.run() }
        let address = try await server.address
        try await body(server, address)
        running.cancel()
        try await running.value
    }

    @Test("readiness names what is missing, then is 200")
    func readiness() async throws {
        let health = HealthState(conditions: [.schema, .group])
        try await serving(health: health) { _, address in
            #expect(address.port > 0)
            var answer = try await get(address, "/health/ready")
            #expect(answer.status == 503 && answer.type == "application/json")
            #expect(answer.body == #"{"missing":{"group":"not yet","schema":"not yet"},"status":"unavailable"}"#)
            #expect(health.meet(.schema) && !health.meet(.schema))
            #expect(health.miss(.group, reason: "database \"away\"\n"))
            answer = try await get(address, "/health/ready")
            #expect(answer.body == #"{"missing":{"group":"database \"away\"\n"},"status":"unavailable"}"#)
            health.meet(.group)
            answer = try await get(address, "/health/ready")
            #expect(answer.status == 200 && answer.body == #"{"missing":{},"status":"ok"}"#)
            #expect(try await get(address, "/health/live").status == 200)
        }
    }

    @Test("a loop that stands still is not live")
    func liveness() async throws {
        let health = HealthState(conditions: [])
        try await serving(health: health) { _, address in
            _ = health.heartbeat("lane 0", within: .seconds(60))
            #expect(try await get(address, "/health/live").status == 200)
            let stuck = health.heartbeat("lane 1", within: .nanoseconds(0))
            stuck.beat()
            let answer = try await get(address, "/health/live")
            #expect(answer.status == 503 && answer.body.contains("\"lane 1\":\"stands still\""))
            health.endHeartbeat("lane 1")
            #expect(health.isLive)
        }
    }

    @Test("metrics, added routes, and 404 for the rest")
    func routes() async throws {
        let metrics = MetricRegistry()
        metrics.counter(.takeovers).increment()
        let health = HealthState(conditions: [])
        try await serving(health: health, metrics: metrics) { server, address in
            let answer = try await get(address, "/metrics")
            #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.body.hasSuffix("usertokens_takeovers_total 1\n"))
            #expect(try await get(address, "/receipts/1?a=b").status == 404)
            await server.route("GET", "/receipts/*") { request in
                AdminResponse(status: 202, text: "\(request.path) \(request.query["a"] ?? "-")")
            }
            let added = try await get(address, "/receipts/1?a=b")
            #expect(added.status == 202 && added.body == "/receipts/1 b")
        }
    }

    @Test("it listens on IPv6 where told so")
    func version6() async throws {
        try await serving(ListenAddress(host: "::1", port: 0), health: HealthState(conditions: [])) { _, address in
            #expect(address.description == "[::1]:\(address.port)" && address.port > 0)
        }
    }

    @Test("a taken port is an error, not a wait")
    func takenPort() async throws {
        try await serving(health: HealthState(conditions: [])) { _, address in
            let second = try await AdminServer(
                listen: address,
                metrics: MetricRegistry(),
                health: HealthState(conditions: []),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
