import FlyingFox
import FlyingSocks
import Foundation
package import Logging
package import Settings

/// What an admin route is asked.
package struct AdminRequest: Sendable {
    package let method: String
    package let path: String
    package let query: [String: String]
    /// By name in small letters.
    package let headers: [String: String]
    package let body: [UInt8]

    /// - Parameter headers: by name in small letters.
    package init(
        method: String,
        path: String,
        query: [String: String] = [:],
        headers: [String: String] = [:],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// What an admin route answers.
package struct AdminResponse: Sendable {
    package let status: Int
    package let contentType: String
    package let body: [UInt8]

    package init(status: Int = 200, contentType: String = "application/json", body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    package init(status: Int = 200, contentType: String = "application/json", text: String) {
        self.init(status: status, contentType: contentType, body: Array(text.utf8))
    }
}

/// A path of the admin port, and who answers there.
package struct AdminRoute: Sendable {
    package let method: String
    /// May hold `*` for one segment.
    package let path: String
    package let handler: @Sendable (AdminRequest) async throws -> AdminResponse

    package init(
        _ method: String,
        _ path: String,
        handler: @escaping @Sendable (AdminRequest) async throws -> AdminResponse
    ) {
        self.method = method
        self.path = path
        self.handler = handler
    }
}

/// A service that answers on the admin port, too.
package protocol AdminRouting {
    var adminRoutes: [AdminRoute] { get }
}

/// The admin port: `/metrics`, `/health/live`, `/health/ready`, and what routes its owner adds.
package final class AdminServer: Sendable {
    private let server: HTTPServer
    private let logger: Logger

    /// - Throws: where `listen.host` is no address of this kind.
    package init(listen: ListenAddress, metrics: MetricRegistry, health: HealthState, logger: Logger) async throws {
        self.logger = logger
        let host = listen.host == "localhost" ? "127.0.0.1" : listen.host
        server =
            host.contains(":")
            ? HTTPServer(address: try .inet6(ip6: host, port: listen.port), logger: .disabled)
            : HTTPServer(address: try .inet(ip4: host, port: listen.port), logger: .disabled)
        await route("GET", "/metrics") { _ in
            AdminResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", text: metrics.render())
        }
        await route("GET", "/health/live") { _ in try healthResponse(missing: health.missingForLive) }
        await route("GET", "/health/ready") { _ in try healthResponse(missing: health.missingForReady) }
    }

    /// Adds a route; `path` may hold `*` for one segment. The first route that fits answers.
    package func route(
        _ method: String,
        _ path: String,
        handler: @escaping @Sendable (AdminRequest) async throws -> AdminResponse
    ) async {
        await server.appendRoute(HTTPRoute("\(method) \(path)")) { request in
            var headers: [String: String] = [:]
            for (name, value) in request.headers { headers[name.rawValue.lowercased()] = value }
            guard let body = try await Self.body(of: request) else {
                return HTTPResponse(statusCode: HTTPStatusCode(413, phrase: ""))
            }
            let asked = AdminRequest(
                method: request.method.rawValue,
                path: request.path,
                query: Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                headers: headers,
                body: body
            )
            let answer = try await handler(asked)
            return HTTPResponse(
                statusCode: HTTPStatusCode(answer.status, phrase: ""),
                headers: [.contentType: answer.contentType],
                body: Data(answer.body)
            )
        }
    }

    /// Longer bodies are refused: nobody has more to say here.
    private static let longestBody = 65_536

    private static func body(of request: HTTPRequest) async throws -> [UInt8]? {
        var body: [UInt8] = []
        for try await chunk in request.bodySequence {
            guard body.count + chunk.count <= longestBody else { return nil }
            body += chunk
        }
        return body
    }

    /// Where it listens; waits until it does.
    package var address: ListenAddress {
        get async throws {
            try await server.waitUntilListening()
            switch await server.listeningAddress {
            case .ip4(let host, let port)?: return ListenAddress(host: host, port: port)
            case .ip6(let host, let port)?: return ListenAddress(host: host, port: port)
            default: throw SocketError.disconnected
            }
        }
    }

    /// Serves until the task is cancelled, then returns.
    /// - Throws: where the address can't be had.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.server.run() }
            group.addTask {
                let address = try await self.address
                self.logger.info(
                    "admin server listens",
                    metadata: [LogKey.address: "\(address.host)", LogKey.port: .stringConvertible(address.port)]
                )
                try await Task.sleep(for: .seconds(.max / 2))
            }
            do {
                try await group.next()
            } catch {
                group.cancelAll()
                if !Task.isCancelled { throw error }
            }
            group.cancelAll()
        }
    }
}

private func healthResponse(missing: [HealthState.Missing]) throws -> AdminResponse {
    struct Body: Encodable {
        let status: String
        let missing: [String: String]
    }
    let body = Body(
        status: missing.isEmpty ? "ok" : "unavailable",
        missing: Dictionary(missing.map { ($0.name, $0.reason) }, uniquingKeysWith: { first, _ in first })
    )
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let data = try encoder.encode(body)
    return AdminResponse(status: missing.isEmpty ? 200 : 503, body: Array(data))
}
