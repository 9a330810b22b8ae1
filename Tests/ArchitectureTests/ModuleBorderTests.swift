import Foundation
import Testing

/// The module picture as data: who may import whom. Arrows point down only.
private let picture: [String: Set<String>] = [
    "Shared/TokenCore": [],
    "Shared/TokenCrypto": ["COpenSSL", "TokenCore"],
    "Shared/HardwareKeys": ["CPKCS11", "TokenCrypto"],
    "Shared/Contract": ["TokenCore"],
    "Shared/CommandSigning": ["Contract", "Settings", "TokenCore", "TokenCrypto"],
    "Shared/Postgres": ["CLibPQ"],
    "Shared/Messaging": ["CRdKafka"],
    "Shared/Transport": ["CCurl", "CLinux"],
    "Shared/VendorFiles": ["CLibXML2", "Contract", "TokenCore", "TokenCrypto"],
    "Shared/ShortMessages": [],
    "Shared/SMPP": [],
    "Shared/NotificationTexts": ["ShortMessages", "TokenCore"],
    "Shared/Settings": [],
    "Shared/Telemetry": ["CLinux", "Settings"],
    "Shared/TokenStore": ["Contract", "Postgres", "TokenCore", "TokenCrypto"],
    "Shared/WorkerRuntime": [
        "CLinux", "CommandSigning", "Contract", "HardwareKeys", "Messaging", "Postgres", "Settings", "Telemetry",
        "TokenCore",
        "TokenCrypto", "TokenStore",
    ],
    "Services/Enrollment": ["Contract", "TokenCore", "TokenCrypto", "WorkerRuntime"],
    "Services/Verifier": ["Contract", "TokenCore", "TokenCrypto", "WorkerRuntime"],
    "Services/Notifier": [
        "Contract", "Messaging", "NotificationTexts", "Postgres", "SMPP", "Settings", "ShortMessages", "Telemetry",
        "TokenCore", "TokenCrypto", "TokenStore", "Transport", "WorkerRuntime",
    ],
    "Services/ExpiryScanner": [
        "Contract", "Messaging", "Postgres", "Settings", "Telemetry", "TokenCore", "TokenCrypto", "TokenStore",
        "WorkerRuntime",
    ],
    "Services/TokenCtl": [
        "CommandSigning", "Contract", "Messaging", "NotificationTexts", "Postgres", "Settings", "TokenCore",
        "TokenCrypto", "TokenStore", "VendorFiles", "WorkerRuntime",
    ],
]

/// C libraries, each with one importer; and calls of the system, for who needs them.
private let libraries: Set<String> = ["CCurl", "CLibPQ", "CLibXML2", "CLinux", "COpenSSL", "CPKCS11", "CRdKafka"]

@Suite("Module borders")
struct ModuleBorderTests {
    private let ours = Set(picture.keys.map { String($0.split(separator: "/")[1]) }).union(libraries)

    @Test("a module imports only what the picture allows", arguments: picture.keys.sorted())
    func imports(folder: String) throws {
        let allowed = try #require(picture[folder])
        for file in try SourceTree.swiftFiles(in: folder) {
            let foreign = file.imports.filter { ours.contains($0) && !allowed.contains($0) }
            #expect(foreign.isEmpty, "\(file.path) imports \(foreign.joined(separator: ", "))")
        }
    }

    @Test("jwt-kit and its keys stay in one file")
    func signatureLibrary() throws {
        for file in try SourceTree.swiftFiles(in: "Shared") + SourceTree.swiftFiles(in: "Services")
        where file.imports.contains("JWTKit") {
            #expect(file.path == "Shared/CommandSigning/KeyPrimitive.swift")
        }
    }

    @Test("every folder of Shared and Services is in the picture")
    func completeness() throws {
        let folders = try ["Shared", "Services"].flatMap { parent in
            try SourceTree.folders(in: parent).map { "\(parent)/\($0)" }
        }
        #expect(Set(folders).subtracting(libraries.map { "Shared/\($0)" }) == Set(picture.keys))
    }

    @Test("the core needs the standard library only", arguments: ["TokenCore", "SMPP", "ShortMessages"])
    func pureCore(module: String) throws {
        for file in try SourceTree.swiftFiles(in: "Shared/\(module)") {
            #expect(file.imports.isEmpty, "\(file.path) imports \(file.imports)")
        }
    }

    @Test("decisions are pure: handlers know no Kafka, SQL or clock", arguments: ["Enrollment", "Verifier"])
    func pureHandlers(service: String) throws {
        for file in try SourceTree.swiftFiles(in: "Services/\(service)") where !file.path.hasSuffix("Main.swift") {
            #expect(Set(file.imports).isSubset(of: ["Contract", "TokenCore", "WorkerRuntime"]), "\(file.path)")
            #expect(!file.text.contains("Clock") && !file.text.contains("Date("), "\(file.path)")
        }
    }
}
