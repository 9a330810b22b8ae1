import Glibc
import Synchronization

/// Loopback ports that nothing listens on.
package enum FreePort {
    private static let taken = Mutex<Set<UInt16>>([])

    /// A free port that this process has not been given before.
    ///
    /// Below the range from which the kernel takes the ports of outgoing connections, so that none of those gets it.
    package static func next() throws(NoFreePort) -> UInt16 {
        for _ in 0..<1_000 {
            let port = UInt16.random(in: 20_000..<32_000)
            if taken.withLock({ $0.insert(port).inserted }), isFree(port) { return port }
        }
        throw NoFreePort()
    }

    /// A thousand ports were tried and none was free.
    package struct NoFreePort: Error {}

    private static func isFree(_ port: UInt16) -> Bool {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        return withLoopback(port) { bind(probe, $0, $1) } == 0
    }
}

/// Calls `body` with 127.0.0.1 and this port as a socket address.
func withLoopback<Result>(
    _ port: UInt16,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
