import Foundation

/// Processor seconds that the processes of a benchmark have used.
struct CPUUsage {
    var verifier = 0.0
    var postgres = 0.0
    var broker = 0.0

    init(_ world: BenchmarkWorld) {
        verifier = world.verifier.map { Self.family(of: $0.pid) } ?? 0
        postgres = Self.family(of: world.postgres.pid)
        broker = Self.family(of: world.broker.pid)
    }

    private init() {}

    func since(_ start: CPUUsage) -> CPUUsage {
        var usage = CPUUsage()
        usage.verifier = verifier - start.verifier
        usage.postgres = postgres - start.postgres
        usage.broker = broker - start.broker
        return usage
    }

    /// Of a process and all that come from it.
    private static func family(of root: Int32) -> Double {
        var parents: [Int32: Int32] = [:]
        var ticks: [Int32: Double] = [:]
        for name in contents(of: "/proc") {
            guard let pid = Int32(name), let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
                continue
            }
            let fields = text[end...].split(separator: " ")
            guard fields.count > 15, let parent = Int32(fields[2]), let user = Double(fields[12]),
                let system = Double(fields[13])
            else { continue }
            parents[pid] = parent
            ticks[pid] = user + system
        }
        let own = ticks.keys.filter { pid in
            var current: Int32? = pid
            while let some = current, some > 1 {
                if some == root { return true }
                current = parents[some]
            }
            return false
        }
        return own.reduce(0) { $0 + (ticks[$1] ?? 0) } / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func contents(of folder: String) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch { return [] }
    }

    /// Nil where the process has ended meanwhile.
    private static func read(_ path: String) -> String? {
        do { return try String(contentsOfFile: path, encoding: .utf8) } catch { return nil }
    }
}
