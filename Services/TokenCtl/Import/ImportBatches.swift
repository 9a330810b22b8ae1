import Contract
import TokenCore
import TokenCrypto
import VendorFiles
import WorkerRuntime

/// What one `token.import` command carries.
struct ImportBatch {
    let tokenType: String
    /// In the order of the file.
    let entries: [SeedEntry]
    /// The command's data.
    let data: [UInt8]

    var serials: [String] { entries.map(\.serial) }
}

/// The tokens of a file as commands: one type each, no more tokens and no more bytes than a command may have.
struct ImportBatches {
    /// Tokens of a command (contract section 4).
    static let maximumTokens = 1_000
    /// Bytes of a command's data: 900 KB with room for headers.
    static let maximumBytes = 800_000

    let all: [ImportBatch]

    /// - Parameters:
    ///   - type: the type of all of them; nil: by what the file says.
    ///   - sealing: nil: secrets in clear.
    /// - Throws: where a file names no type and none is given.
    init(_ seeds: SeedFile, type: String?, sealing: SeedSealing?) throws(ProcessExit) {
        var types: [String] = []
        var byType: [String: [SeedEntry]] = [:]
        for entry in seeds.entries {
            guard let name = type ?? Self.type(of: entry) else {
                throw ProcessExit(ProcessExit.unreadable, "the file names no tokenType: give one (--type)")
            }
            if byType[name] == nil { types.append(name) }
            byType[name, default: []].append(entry)
        }
        all = types.flatMap { type in Self.batches(byType[type] ?? [], type: type, sealing: sealing) }
    }

    private static func type(of entry: SeedEntry) -> String? {
        switch entry.kind {
        case .hotp: "hotp-hardware"
        case .totp: "totp-hardware"
        case nil: entry.tokenType
        }
    }

    private static func batches(_ entries: [SeedEntry], type: String, sealing: SeedSealing?) -> [ImportBatch] {
        var batches: [ImportBatch] = []
        var (held, tokens, size) = ([SeedEntry](), [JSONValue](), 0)
        func close() {
            guard !held.isEmpty else { return }
            let data: JSONObject = ["tokenType": .string(type), "tokens": .array(tokens)]
            batches.append(ImportBatch(tokenType: type, entries: held, data: data.serialized()))
            (held, tokens, size) = ([], [], 0)
        }
        for entry in entries {
            let token = JSONValue.object(Self.json(entry, sealing))
            let length = token.serialized().count + 1
            if held.count == maximumTokens || size + length > maximumBytes { close() }
            held.append(entry)
            tokens.append(token)
            size += length
        }
        close()
        return batches
    }

    private static func json(_ entry: SeedEntry, _ sealing: SeedSealing?) -> JSONObject {
        var token: JSONObject = ["serial": .string(entry.serial), "secret": .string(secret(entry, sealing))]
        token["counter"] = entry.counter.map { .integer($0) }
        token["drift"] = entry.drift.map { .integer($0) }
        token["digits"] = entry.digits.map { .integer(Int64($0)) }
        token["period"] = entry.period.map { .integer(Int64($0)) }
        token["algorithm"] = entry.algorithm.map { .string($0.rawValue) }
        token["manufacturer"] = entry.manufacturer.map { .string($0) }
        token["model"] = entry.model.map { .string($0) }
        token["batch"] = entry.batch.map { .string($0) }
        token["expiresAt"] = entry.expiresAt.map { .string($0.rfc3339) }
        token["userId"] = entry.userID.map { .string($0) }
        token["status"] = entry.status.map { .string($0) }
        return token
    }

    private static func secret(_ entry: SeedEntry, _ sealing: SeedSealing?) -> String {
        switch entry.secret {
        case .sealed(let jwe): jwe.exposed
        case .clear(let secret):
            sealing?.seal(secret, serial: entry.serial) ?? secret.withBytes { TokenCrypto.Base32.encode($0) }
        }
    }
}
