import ArgumentParser
import Contract
import Testing

@testable import TokenCtl

@Suite("Command line")
struct CommandLineTests {
    @Test(
        "what nobody can mean is a usage error",
        arguments: [
            ["dance"], ["keys", "rotate"], ["keys", "rotate", "nothing"], ["keys", "init", "--force"],
            ["keys", "rotate", "kek", "--pkcs11", "pkcs11:token=t"], ["keys", "remove"],
            ["keys", "rotate", "otp", "--pkcs11", "pkcs11:token=t;object=o"],
            ["tenant", "add"],
            ["tenant", "add", "Upper"], ["tenant", "add", "a/b"], ["topics", "create", "--partitions", "0"],
            ["topics", "create", "--partitions", "x"], ["topics", "create", "--replication-factor", "0"],
            ["send"], ["send", "token.view"], ["send", "token.fly", "--user", "a"], ["watch"], ["watch", "users"],
            ["watch", "events", "--count", "0"], ["send", "token.view", "--user", "a", "--data", "{"],
            ["send", "token.view", "--user", ""], ["send", "token.view", "--user", "a", "--tenant", "A"],
            ["send", "token.view", "--user", "a", "--timeout", "10"],
            ["send", "token.view", "--user", "a", "--id", ""],
            ["send", "token.view", "--user", "a", "--timeout", "0s"],
            ["send", "token.view", "--user", "a", "--replyto", "a b"], ["dlq", "show", "t", "x", "0"],
            ["dlq", "show", "t"],
        ]
    )
    func usageErrors(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try TokenCtl.parseAsRoot(arguments) }
        #expect(error.map { TokenCtl.exitCode(for: $0).rawValue } == 64)
    }

    @Test(
        "every command takes --tenant",
        arguments: [
            ["keys", "init"], ["keys", "rotate", "otp"], ["keys", "status"], ["keys", "remove", "k"],
            ["keys", "rotate", "kek", "--pkcs11", "pkcs11:token=t;object=o"], ["migrate"], ["topics", "create"],
            ["tenant", "add", "a"], ["tenant", "list"], ["send", "token.view", "--user", "a"], ["watch", "events"],
            ["dlq", "list"], ["dlq", "show", "t", "0", "0"], ["dlq", "replay", "t", "0", "0"], ["check-configuration"],
        ]
    )
    func tenant(arguments: [String]) throws {
        #expect(throws: Never.self) { try TokenCtl.parseAsRoot(arguments + ["--tenant", "acme"]) }
    }

    @Test("every type of the contract can be sent, by its short name and in full", arguments: CommandType.all)
    func types(type: CommandType) throws {
        for name in [type.name, type.rawValue] {
            let command = try #require(try TokenCtl.parseAsRoot(["send", name, "--user", "a"]) as? SendCommand)
            #expect(command.type == type)
        }
    }

    @Test("what is not said has the contract's defaults")
    func defaults() throws {
        let command = try #require(try TokenCtl.parseAsRoot(["send", "otp.verify", "--user", "a"]) as? SendCommand)
        #expect(command.timeout.duration == .seconds(10))
        #expect(command.tenant.name == "default")
        #expect(command.data == "{}")
        #expect(command.replyTo == nil)
    }
}
