import CLinux
import Glibc
import TokenCrypto

/// What keeps the memory of this process, which holds keys, from others' eyes.
package enum ProcessPrivacy {
    /// Signals of a crash.
    private static let crashes = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV]

    /// No core dump is written, no process of the same user reads this one's memory, and secrets lie in memory that is
    /// locked. To be called before the first secret is read.
    ///
    /// - Returns: what the system does not let us have, a line each; work goes on without it.
    package static func begin() -> [String] {
        var lacking: [String] = []
        // Swift's backtrace of a crash would write registers, and the memory that they point at, to the log.
        for crash in crashes { signal(crash, SIG_DFL) }
        var limit = rlimit()
        // Where it is so already, a sandbox may forbid to say so again.
        if getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 || limit.rlim_cur != 0
            || limit.rlim_max != 0
        {
            limit = rlimit(rlim_cur: 0, rlim_max: 0)
            if setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) != 0 {
                lacking.append("core dumps can't be forbidden")
            }
        }
        if user_tokens_forbid_dumps() != 0 { lacking.append("others can't be kept from this process's memory") }
        switch SecretMemory.begin() {
        case .locked: break
        case .unlocked: lacking.append("memory of secrets is not locked: RLIMIT_MEMLOCK is too small")
        case .absent: lacking.append("there is no memory of its own for secrets")
        }
        return lacking
    }
}
