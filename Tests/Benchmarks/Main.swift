import ArgumentParser
import Foundation

/// Measures `otp.verify`: one at a time and at saturation, beside a floor taken in the same run.
///
/// Everything is private and ends with the benchmark: a durable PostgreSQL, the embedded broker, the real `verifier`.
@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Measures otp.verify beside the floor of the same PostgreSQL and broker."
    )

    @Option(help: "Users, each with one HOTP or TOTP token.")
    var users = 10_000

    @Option(help: "Commands written one after the other's reply.")
    var single = 500

    @Option(help: "Commands under way at saturation.")
    var window = 2_000

    @Option(help: "Seconds that the floor is measured for, at each batch size.")
    var floorSeconds = 4

    func run() throws {
        let world = try BenchmarkWorld()
        defer { world.stop() }
        let seeds = try Population.enrol(users, in: world)
        let floor = try Floor(world, users: users)
        let one = try floor.measure(batch: 1, seconds: floorSeconds)
        let many = try floor.measure(batch: 256, seconds: floorSeconds)

        try world.startVerifier()
        let load = try VerificationLoad(world, population: seeds)
        defer { load.close() }
        let single = try load.run(load.commands(round: 0).prefix(single), window: 1)
        let before = CPUUsage(world)
        let saturated = try load.run(load.commands(round: 1)[...], window: window)
        let usage = CPUUsage(world).since(before)

        Report(
            single: single,
            saturated: saturated,
            usage: usage,
            floorSingle: one,
            floorSaturated: many
        ).print()
    }
}
