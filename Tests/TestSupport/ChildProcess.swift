package import Glibc
import Synchronization

/// A process that a test has started: its output, its end, signals. Killed with its owner.
package final class ChildProcess: Sendable {
    package let pid: pid_t
    private let name: String
    private let output: ChildOutput
    private let errorFile: Int32
    private let status = Mutex<Int32?>(nil)

    /// What went wrong with a child, with what it wrote to standard error.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Starts a program found by `PATH`.
    ///
    /// - Parameters:
    ///   - environment: added to this process's own.
    ///   - input: all of its standard input.
    package init(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: [UInt8] = []
    ) throws(Failure) {
        name = program
        let started = Self.spawning.withLock { _ in
            Result { () throws(Failure) in try Self.spawn(program, arguments, environment, input) }
        }
        let child = try started.get()
        (pid, errorFile) = (child.pid, child.errors)
        output = ChildOutput(reading: child.output)
    }

    deinit {
        kill()
        close(errorFile)
    }

    /// Runs a program to its end and returns its standard output.
    ///
    /// - Throws: when it does not end in time, or not with 0.
    package static func run(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        input: [UInt8] = [],
        timeout: Duration = .seconds(30)
    ) throws(Failure) -> String {
        let child = try ChildProcess(program, arguments, environment: environment, input: input)
        let status = try child.waitForExit(timeout: timeout)
        if status != 0 { throw child.failure("ended with \(status)") }
        return child.outputSoFar
    }

    /// Standard output so far.
    package var outputSoFar: String { output.text }

    /// The first 64 KiB of standard error so far.
    package var errors: String {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = pread(errorFile, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    /// Returns when standard output contains `text`.
    package func waitForOutput(_ text: String, timeout: Duration = .seconds(30)) throws(Failure) {
        guard output.wait(timeout, until: { $0.contains(text) }) else { throw failure("did not write '\(text)'") }
    }

    /// Returns the exit status when the process has ended; 128 + the signal that ended it.
    @discardableResult
    package func waitForExit(timeout: Duration = .seconds(30)) throws(Failure) -> Int32 {
        let deadline = ContinuousClock.now + timeout
        _ = output.wait(timeout, until: { _ in false })
        while true {
            if let status = reap(WNOHANG) { return status }
            guard ContinuousClock.now < deadline else { throw failure("did not end within \(timeout)") }
            usleep(1_000)
        }
    }

    /// Sends a signal, unless the process has ended.
    package func signal(_ number: Int32) {
        status.withLock { status in
            if status == nil { _ = Glibc.kill(pid, number) }
        }
    }

    /// Kills the process (SIGKILL) and waits until it is gone.
    package func kill() {
        signal(SIGKILL)
        _ = reap(0)
    }

    private func reap(_ options: Int32) -> Int32? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, options) == pid else { return nil }
            let endedBySignal = raw & 0x7F
            status = endedBySignal == 0 ? (raw >> 8) & 0xFF : 128 + endedBySignal
            return status
        }
    }

    private func failure(_ what: String) -> Failure { Failure(description: "\(name) \(what)\n\(errors)") }

    /// One at a time: a child forked between making a pipe and marking it would keep it open.
    private static let spawning = Mutex(())

    private static func spawn(
        _ program: String,
        _ arguments: [String],
        _ environment: [String: String],
        _ input: [UInt8]
    ) throws(Failure) -> (pid: pid_t, output: Int32, errors: Int32) {
        let inputFile = try makeFile()
        defer { close(inputFile) }
        _ = input.withUnsafeBytes { pwrite(inputFile, $0.baseAddress, $0.count, 0) }
        let errors = try makeFile()
        var output: [Int32] = [0, 0]
        guard pipe(&output) == 0 else { throw Failure(description: "cannot make a pipe") }
        defer { close(output[1]) }
        for end in output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, inputFile, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)

        var pid: pid_t = 0
        let code = withStrings([program] + arguments) { arguments in
            withStrings(Self.environment(adding: environment)) { environment in
                posix_spawnp(&pid, program, &actions, nil, arguments, environment)
            }
        }
        guard code == 0 else {
            close(output[0])
            close(errors)
            throw Failure(description: "cannot start \(program): \(String(cString: strerror(code)))")
        }
        return (pid, output[0], errors)
    }

    /// A file without a name, gone when it is closed.
    private static func makeFile() throws(Failure) -> Int32 {
        var template = Array("/tmp/user-tokens-child-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw Failure(description: "cannot make a temporary file") }
        unlink(template)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        return file
    }

    private static func environment(adding added: [String: String]) -> [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if added[String(text.prefix { $0 != "=" })] == nil { entries.append(text) }
            next += 1
        }
        return entries + added.map { "\($0)=\($1)" }
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
