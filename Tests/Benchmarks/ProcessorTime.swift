import Foundation

/// CPU seconds of processes, from `/proc`.
struct ProcessorTime {
    /// Of each program that was asked for: the CPU seconds of all its processes.
    private(set) var seconds: [String: Double] = [:]

    /// - Parameter groups: name of a group, and the processes that belong to it.
    init(_ groups: [(name: String, processes: [pid_t])]) {
        for (name, processes) in groups {
            seconds[name] = processes.reduce(0) { $0 + Self.seconds(of: $1) }
        }
    }

    /// What was spent since an earlier reading.
    func since(_ earlier: ProcessorTime) -> [String: Double] {
        seconds.merging(earlier.seconds) { $0 - $1 }
    }

    /// A process and all that descend from it.
    static func tree(below root: pid_t) -> [pid_t] {
        var parents: [pid_t: pid_t] = [:]
        do {
            for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
                guard let pid = pid_t(entry), let fields = fields(of: pid), fields.count > 1 else { continue }
                parents[pid] = pid_t(fields[1])
            }
        } catch {
            return [root]
        }
        var found: [pid_t] = [root]
        var next = 0
        while next < found.count {
            found += parents.filter { $0.value == found[next] }.keys
            next += 1
        }
        return found
    }

    /// The program's name, as the kernel has it.
    static func name(of pid: pid_t) -> String {
        text("/proc/\(pid)/comm").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func seconds(of pid: pid_t) -> Double {
        guard let fields = fields(of: pid), fields.count > 12, let user = Double(fields[11]),
            let system = Double(fields[12])
        else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The fields of `/proc/PID/stat` from the third (state) on; the second may hold blanks.
    private static func fields(of pid: pid_t) -> [Substring]? {
        let text = text("/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")") else { return nil }
        return text[text.index(end, offsetBy: 2)...].split(separator: " ")
    }

    /// Empty where the process has gone.
    private static func text(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
