package import Foundation
import Synchronization

/// A relay between one client and the private server's socket that counts round trips and cuts at a chosen moment.
package final class PostgresRelay: Sendable {
    /// When the connection is cut.
    package enum Cut: Int, CaseIterable, Sendable {
        case never, beforeRequest, beforeAnswer
    }

    /// Where the client finds the relay.
    package let url: String

    private let directory: String
    private let cut = Atomic(Cut.never.rawValue)
    private let trips = Atomic(0)

    /// How often the client's bytes followed the server's.
    package var roundTrips: Int { trips.load(ordering: .sequentiallyConsistent) }

    /// - Parameter url: the server's, with its socket's directory in the parameter `host`.
    package init(to url: String) throws {
        let parameters = URLComponents(string: url)?.queryItems ?? []
        let host = parameters.first { $0.name == "host" }?.value ?? ""
        let port = parameters.first { $0.name == "port" }?.value ?? ""
        directory = FileManager.default.temporaryDirectory.path + "/ut-relay-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.url = url.replacingOccurrences(of: host.replacingOccurrences(of: "/", with: "%2F"), with: directory)
        let listener = try Self.socket(directory + "/.s.PGSQL." + port, Glibc.bind)
        guard listen(listener, 1) == 0 else { throw POSIXError(.EIO) }
        let server = try Self.socket(host + "/.s.PGSQL." + port, Glibc.connect)
        Thread { self.run(listener: listener, server: server) }.start()
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// From now on the connection ends at the next event of this sort.
    package func cut(_ when: Cut) {
        cut.store(when.rawValue, ordering: .sequentiallyConsistent)
    }

    private func run(listener: CInt, server: CInt) {
        let client = accept(listener, nil, nil)
        var entries = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        var serverSpoke = true
        while poll(&entries, 2, -1) > 0 {
            if entries[0].revents != 0 {
                if serverSpoke { trips.add(1, ordering: .sequentiallyConsistent) }
                serverSpoke = false
                guard pass(from: client, to: server, unless: .beforeRequest) else { break }
            }
            if entries[1].revents != 0 {
                serverSpoke = true
                guard pass(from: server, to: client, unless: .beforeAnswer) else { break }
            }
        }
        [client, server, listener].forEach { _ = close($0) }
    }

    private func pass(from source: CInt, to target: CInt, unless cut: Cut) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(source, &buffer, buffer.count)
        guard count > 0, self.cut.load(ordering: .sequentiallyConsistent) != cut.rawValue else { return false }
        var sent = 0
        while sent < count {
            let written = buffer[sent..<count].withUnsafeBytes {
                send(target, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard written > 0 else { return false }
            sent += written
        }
        return true
    }

    package static func socket(
        _ path: String,
        _ open: (CInt, UnsafePointer<sockaddr>?, socklen_t) -> CInt
    ) throws -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                open(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw POSIXError(.EIO) }
        return descriptor
    }
}
