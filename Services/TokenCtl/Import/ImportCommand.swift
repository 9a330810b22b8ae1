import ArgumentParser
import Contract
import Foundation
import Settings
import TokenCrypto
import VendorFiles
import WorkerRuntime

/// `import`: brings the hardware tokens of a vendor's file into the stock.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Imports hardware tokens from a vendor's file, whose form is recognised by its content.",
        discussion: """
            Read are PSKC (RFC 6030), OATH CSV (serial, secret, type, digits, period), Yubico CSV, SafeNet/Aladdin XML \
            and .dat, Feitian's lists, and the JSON of token.import. With KEYS_FILE set, and an active key of ring \
            'submission' in it, secrets are sealed on their way.

            Run it again after a fault: a token that is there already is 'unchanged'.

            Exit status: 0 all taken or unchanged, 1 some skipped, 65 nothing readable in the file, 75 no answer.
            """
    )

    @Argument(help: "The file; '-' reads standard input.")
    var file: String

    @Option(
        name: .customLong("type"),
        help: "The token type. (default: the file's own, or hotp-hardware or totp-hardware by what each token is)"
    )
    var tokenType: String?

    @Option(help: "A file with the key that was agreed with the vendor (PSKC): hexadecimal, or the bytes themselves.")
    var keyFile: String?

    @Option(help: "A file whose first line is the password that was agreed with the vendor (PSKC).")
    var passwordFile: String?

    @Flag(help: "Sends nothing; says what would be sent.")
    var dryRun = false

    @Option(help: "How long to wait for the answer to each command of up to 1,000 tokens.")
    var timeout = Patience(duration: .seconds(60))

    @OptionGroup var tenant: TenantOption

    func validate() throws {
        guard RecordKey.isTenant(tenant.name) else {
            throw ValidationError("no such tenant can be: 1-63 of a-z, 0-9, '-'")
        }
        if let tokenType, tokenType.wholeMatch(of: #/[a-z0-9-]{1,40}/#) == nil {
            throw ValidationError("no such token type can be: 1-40 of a-z, 0-9, '-'")
        }
    }

    func run() throws {
        let seeds = try readSeeds()
        for remark in seeds.remarks { Output.diagnose(remark) }
        let sealing = seeds.entries.isEmpty ? nil : try sealing()
        let batches = try ImportBatches(seeds, type: tokenType, sealing: sealing)
        var report = ImportReport(unread: seeds.skipped)
        if dryRun {
            report.plan(batches.all)
        } else {
            try send(batches.all, into: &report)
        }
        for line in report.lines(isPlan: dryRun) { Output.line(line) }
        if !report.isComplete { throw ExitCode(1) }
    }

    private func readSeeds() throws -> SeedFile {
        let key = try keyFile.map(ImportFile.key)
        let password = try passwordFile.map(ImportFile.password)
        let bytes = try ImportFile.bytes(file)
        do throws(UnreadableFile) {
            return try VendorFiles.read(bytes, key: key, password: password)
        } catch {
            throw ProcessExit(ProcessExit.unreadable, "\(file): \(error)")
        }
    }

    /// nil where secrets go in clear, which is said.
    private func sealing() throws -> SeedSealing? {
        guard let path = try ToolSettings.read({ settings in .some(settings.optionalKeysFile()) }) else {
            Output.diagnose("KEYS_FILE is not set: the seeds are sent in clear")
            return nil
        }
        guard let sealing = SeedSealing(keys: try KeyRings.load(path: path), tenant: tenant.name) else {
            Output.diagnose("KEYS_FILE has no active key of ring submission: the seeds are sent in clear")
            return nil
        }
        return sealing
    }

    /// One command after the other. What was done before a fault is told before the fault.
    private func send(_ batches: [ImportBatch], into report: inout ImportReport) throws {
        guard !batches.isEmpty else { return }
        let conversation = try ImportConversation(ToolSettings.read { $0.broker() }, timeout: timeout)
        defer { conversation.close() }
        var progress = ProgressBar(total: batches.reduce(0) { $0 + $1.serials.count }, unit: "tokens")
        defer { progress.clear() }
        for batch in batches {
            do {
                report.add(batch, try conversation.answer(to: batch, tenant: tenant.name))
            } catch {
                progress.clear()
                for line in report.lines(isPlan: false) { Output.line(line) }
                throw error
            }
            progress.advance(by: batch.serials.count)
        }
    }
}
