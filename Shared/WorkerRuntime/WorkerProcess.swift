package import ArgumentParser
import CommandSigning
import Foundation
import Logging
package import ServiceLifecycle
import Settings
import Telemetry
import TokenCrypto
import UnixSignals

/// The process around a worker: admin port, signals, keys that are read again, and an end with a clear last line.
package struct WorkerProcess: Sendable {
    package let setup: WorkerSetup

    package init(_ setup: WorkerSetup) {
        self.setup = setup
    }

    /// Runs the services until SIGTERM or SIGINT, or until one of them ends.
    package func run(_ services: [any Service]) async throws {
        let admin: AdminServer
        do {
            admin = try await AdminServer(
                listen: setup.settings.observation.adminListen,
                metrics: setup.metrics,
                health: setup.health,
                logger: setup.logger
            )
        } catch {
            throw ProcessExit(code: ProcessExit.configuration, lines: ["ADMIN_LISTEN: no address to listen on"])
        }
        for case let routing as any AdminRouting in services {
            for route in routing.adminRoutes { await admin.route(route.method, route.path, handler: route.handler) }
        }
        // At `debug` the group writes each service out with all that it holds: environment, URLs, passwords.
        var logger = setup.logger
        logger.logLevel = max(logger.logLevel, .info)
        // The end is in the reverse order: the admin port tells the truth until the last.
        let group = ServiceGroup(
            configuration: .init(
                services: ([AdminService(server: admin), KeyReloading(setup: setup)]
                    + services)
                    .map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}

/// The command line that every worker has: `--help` and `--version`; anything else is a usage error (exit 64).
package protocol WorkerCommand: AsyncParsableCommand {
    static func makeSetup(environment: [String: String]) throws(ProcessExit) -> WorkerSetup
    static func services(_ setup: WorkerSetup) throws(ProcessExit) -> [any Service]
}

extension WorkerCommand {
    package func run() async throws {
        do {
            let lacking = ProcessPrivacy.begin()
            let setup = try Self.makeSetup(environment: ProcessInfo.processInfo.environment)
            for line in lacking {
                setup.logger.warning("memory is not kept private", metadata: [LogKey.errorMessage: "\(line)"])
            }
            try await WorkerProcess(setup).run(try Self.services(setup))
            LogSink.standardError.flush()
        } catch let exit as ProcessExit {
            end(exit)
        } catch let error as any Error & CustomStringConvertible {
            end(ProcessExit(code: ProcessExit.software, lines: ["stopped: \(error.description)"]))
        }
    }

    private func end(_ exit: ProcessExit) -> Never {
        LogSink.standardError.flush()
        for line in exit.lines { FileHandle.standardError.write(Data((line + "\n").utf8)) }
        Foundation.exit(exit.code)
    }
}

/// What every executable tells of itself.
package enum Product {
    package static let version = "0.1.0"
}

private struct AdminService: Service {
    let server: AdminServer

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}

/// SIGHUP, or a changed file: the keys are read again.
private struct KeyReloading: Service {
    let setup: WorkerSetup

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) {
                        report(setup.keys.reload(), of: "KEYS_FILE")
                        if let keys = setup.signatures?.keys { report(keys.reload(), of: CommandKeySet.setting) }
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        report(setup.keys.reloadIfChanged(), of: "KEYS_FILE")
                        if let keys = setup.signatures?.keys {
                            report(keys.reloadIfChanged(), of: CommandKeySet.setting)
                        }
                        do {
                            try await Task.sleep(for: .seconds(2))
                        } catch {
                            return
                        }
                    }
                }
            }
        }
    }

    private func report(_ reload: FileReload, of setting: String) {
        switch reload {
        case .unchanged: break
        case .reloaded: setup.logger.notice("keys were read again", metadata: [LogKey.setting: "\(setting)"])
        case .failed(let error):
            setup.logger.error(
                "the new key file is not usable",
                metadata: [LogKey.setting: "\(setting)", LogKey.errorMessage: "\(error)"]
            )
        }
    }
}
