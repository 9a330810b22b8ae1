import Logging
package import Messaging
import Postgres
import Telemetry
import TokenStore

/// The beginning of every worker: a database or a broker that is away is waited for, a wrong schema ends the process.
package struct WorkerStart {
    private let setup: WorkerSetup

    package init(_ setup: WorkerSetup) {
        self.setup = setup
    }

    /// Opens what needs the schema, once the schema is there and is the right one.
    ///
    /// - Returns: nil where the worker is to stop first.
    /// - Throws: `ProcessExit` 78 for an absent or too old schema, one that has outgrown this program, and for a role that
    ///   lacks rights there.
    package func store<Store>(_ open: () throws -> Store) throws -> Store? {
        try waiting {
            do {
                try setup.store.requireSchema(for: setup.databaseRole)
            } catch let error as StoreError {
                throw ProcessExit(code: ProcessExit.configuration, lines: ["POSTGRES_URL: \(error)"])
            } catch let error as MigrationError {
                throw ProcessExit(code: ProcessExit.configuration, lines: ["POSTGRES_URL: \(error)"])
            }
            let store = try open()
            setup.health.meet(.database)
            setup.health.meet(.schema)
            return store
        }
    }

    package func producer() throws -> KafkaProducer? {
        try waiting { try KafkaProducer(setup.kafka) }
    }

    /// Waits until the topics are there.
    ///
    /// - Returns: false where the worker is to stop first.
    package func findTopics(_ producer: KafkaProducer, _ needed: [String]) throws -> Bool {
        let found: Bool? = try waiting {
            let missing = try needed.filter {
                try producer.partitionCount(of: $0, timeoutMilliseconds: 2_000) == nil
            }
            guard missing.isEmpty else {
                let names = missing.joined(separator: ", ")
                if setup.health.miss(.topics, reason: "missing: \(names)") {
                    setup.logger.warning("waiting for topics", metadata: [LogKey.topic: "\(names)"])
                }
                return nil
            }
            setup.health.meet(.topics)
            return true
        }
        if found == true { setup.faults.end() }
        return found ?? false
    }

    /// Tries until it succeeds; nil where the worker is to stop first.
    private func waiting<Value>(_ attempt: () throws -> Value?) throws -> Value? {
        var backoff = Backoff()
        while !setup.stop.isRequested {
            do {
                if let value = try attempt() { return value }
            } catch let error where setup.faults.isTransient(error) {
                setup.faults.begin(error)
            }
            setup.stop.wait(atMost: backoff.next())
        }
        return nil
    }
}
