// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "user-tokens",
    products: [
        .executable(name: "enrollment", targets: ["Enrollment"]),
        .executable(name: "verifier", targets: ["Verifier"]),
        .executable(name: "notifier", targets: ["Notifier"]),
        .executable(name: "expiry-scanner", targets: ["ExpiryScanner"]),
        .executable(name: "tokenctl", targets: ["TokenCtl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
    ],
    targets: [
        // C libraries; each has exactly one importer.
        .systemLibrary(
            name: "CRdKafka",
            path: "Shared/CRdKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"])]
        ),
        .systemLibrary(name: "CLibPQ", path: "Shared/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "COpenSSL",
            path: "Shared/COpenSSL",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(
            name: "CCurl",
            path: "Shared/CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CLibXML2",
            path: "Shared/CLibXML2",
            pkgConfig: "libxml-2.0",
            providers: [.apt(["libxml2-dev"])]
        ),
        // Headers only: the library of a token is loaded at run time.
        .systemLibrary(name: "CPKCS11", path: "Shared/CPKCS11", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(name: "CLinux", path: "Shared/CLinux"),

        // Shared modules, from the bottom up; arrows point down only.
        .target(name: "TokenCore", path: "Shared/TokenCore"),
        .target(name: "TokenCrypto", dependencies: ["COpenSSL", "TokenCore"], path: "Shared/TokenCrypto"),
        .target(name: "HardwareKeys", dependencies: ["CPKCS11", "TokenCrypto"], path: "Shared/HardwareKeys"),
        .target(name: "Contract", dependencies: ["TokenCore"], path: "Shared/Contract"),
        .target(
            name: "CommandSigning",
            dependencies: [
                "Contract", "Settings", "TokenCore", "TokenCrypto",
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            path: "Shared/CommandSigning"
        ),
        .target(name: "Postgres", dependencies: ["CLibPQ"], path: "Shared/Postgres"),
        .target(name: "Messaging", dependencies: ["CRdKafka"], path: "Shared/Messaging"),
        .target(name: "Transport", dependencies: ["CCurl", "CLinux"], path: "Shared/Transport"),
        .target(
            name: "VendorFiles",
            dependencies: ["CLibXML2", "Contract", "TokenCore", "TokenCrypto"],
            path: "Shared/VendorFiles"
        ),
        .target(name: "ShortMessages", path: "Shared/ShortMessages"),
        .target(name: "SMPP", path: "Shared/SMPP"),
        .target(
            name: "NotificationTexts",
            dependencies: ["ShortMessages", "TokenCore"],
            path: "Shared/NotificationTexts"
        ),
        .target(name: "Settings", path: "Shared/Settings"),
        .target(
            name: "Telemetry",
            dependencies: [
                "CLinux", "Settings",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            path: "Shared/Telemetry"
        ),
        .target(
            name: "TokenStore",
            dependencies: ["Contract", "Postgres", "TokenCore", "TokenCrypto"],
            path: "Shared/TokenStore",
            exclude: ["Schema/MIGRATIONS.md"],
            resources: [
                .embedInCode("Schema/001_token_schema.sql"),
                .embedInCode("Schema/002_stock_and_types.sql"),
                .embedInCode("Schema/003_audit.sql"),
                .embedInCode("Schema/004_delivery_receipts.sql"),
            ]
        ),
        .target(
            name: "WorkerRuntime",
            dependencies: [
                "CLinux", "CommandSigning", "Contract", "HardwareKeys", "Messaging", "Postgres", "Settings",
                "Telemetry",
                "TokenCore",
                "TokenCrypto", "TokenStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Shared/WorkerRuntime"
        ),

        // Services: a folder is a process; none knows another.
        .executableTarget(
            name: "Enrollment",
            dependencies: [
                "Contract", "TokenCore", "TokenCrypto", "WorkerRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Services/Enrollment"
        ),
        .executableTarget(
            name: "Verifier",
            dependencies: [
                "Contract", "TokenCore", "TokenCrypto", "WorkerRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Services/Verifier"
        ),
        .executableTarget(
            name: "Notifier",
            dependencies: [
                "Contract", "Messaging", "NotificationTexts", "Postgres", "SMPP", "Settings", "ShortMessages",
                "Telemetry",
                "TokenCore",
                "TokenCrypto", "TokenStore", "Transport", "WorkerRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Services/Notifier"
        ),
        .executableTarget(
            name: "ExpiryScanner",
            dependencies: [
                "Contract", "Settings", "TokenCore", "TokenCrypto", "WorkerRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Services/ExpiryScanner"
        ),
        .executableTarget(
            name: "TokenCtl",
            dependencies: [
                "CommandSigning", "Contract", "Messaging", "NotificationTexts", "Postgres", "Settings", "TokenCore",
                "TokenCrypto", "TokenStore", "VendorFiles", "WorkerRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Services/TokenCtl"
        ),

        // Tests mirror the targets.
        .target(
            name: "TestSupport",
            dependencies: ["Postgres", "Settings", "TokenCore", "TokenCrypto"],
            path: "Tests/TestSupport"
        ),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "CommandSigning", "Contract", "Messaging", "Postgres", "ReceiverSupport", "Settings", "TestSupport",
                "TokenCore", "TokenCrypto", "TokenStore", "Transport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmarks"
        ),
        .target(name: "ReceiverSupport", dependencies: ["Transport"], path: "Tests/ReceiverSupport"),
        .testTarget(
            name: "ArchitectureTests",
            dependencies: ["Contract", "Postgres", "TokenCore", "TokenStore", .product(name: "Yams", package: "Yams")],
            path: "Tests/ArchitectureTests",
            exclude: ["message-types.txt", "rejection-codes.txt"]
        ),
        .testTarget(name: "TokenCoreTests", dependencies: ["TestSupport", "TokenCore"], path: "Tests/TokenCoreTests"),
        .testTarget(
            name: "TokenCryptoTests",
            dependencies: ["TestSupport", "TokenCrypto"],
            path: "Tests/TokenCryptoTests"
        ),
        .testTarget(
            name: "CommandSigningTests",
            dependencies: ["CommandSigning", "Contract", "Settings", "TestSupport", "TokenCore", "TokenCrypto"],
            path: "Tests/CommandSigningTests"
        ),
        .testTarget(
            name: "HardwareKeysIntegrationTests",
            dependencies: ["HardwareKeys", "TestSupport", "TokenCrypto"],
            path: "Tests/HardwareKeysIntegrationTests"
        ),
        .testTarget(
            name: "ContractTests",
            dependencies: ["Contract", "TestSupport", "TokenCore"],
            path: "Tests/ContractTests"
        ),
        .testTarget(
            name: "PostgresIntegrationTests",
            dependencies: ["Postgres", "TestSupport"],
            path: "Tests/PostgresIntegrationTests"
        ),
        .testTarget(
            name: "TokenStoreIntegrationTests",
            dependencies: ["Postgres", "TestSupport", "TokenStore"],
            path: "Tests/TokenStoreIntegrationTests"
        ),
        .testTarget(
            name: "MessagingIntegrationTests",
            dependencies: ["Messaging", "TestSupport"],
            path: "Tests/MessagingIntegrationTests"
        ),
        .testTarget(
            name: "VendorFilesTests",
            dependencies: ["Contract", "TestSupport", "TokenCore", "TokenCrypto", "VendorFiles", "VendorProbe"],
            path: "Tests/VendorFilesTests",
            exclude: ["Corpus", "Samples"]
        ),
        // A child of those tests that the kernel ends when it opens a file or a socket.
        .systemLibrary(name: "CSeccomp", path: "Tests/CSeccomp"),
        .executableTarget(
            name: "VendorProbe",
            dependencies: ["CSeccomp", "TokenCrypto", "VendorFiles"],
            path: "Tests/VendorProbe"
        ),
        .testTarget(
            name: "ShortMessagesTests",
            dependencies: ["ShortMessages", "TestSupport"],
            path: "Tests/ShortMessagesTests"
        ),
        .testTarget(name: "SMPPTests", dependencies: ["SMPP", "TestSupport"], path: "Tests/SMPPTests"),
        .testTarget(
            name: "NotificationTextsTests",
            dependencies: ["NotificationTexts", "ShortMessages", "TokenCore"],
            path: "Tests/NotificationTextsTests"
        ),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], path: "Tests/SettingsTests"),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Settings", "Telemetry", "Transport", .product(name: "Logging", package: "swift-log")],
            path: "Tests/TelemetryTests"
        ),
        .testTarget(
            name: "TransportIntegrationTests",
            dependencies: ["ReceiverSupport", "Transport"],
            path: "Tests/TransportIntegrationTests"
        ),
        .testTarget(
            name: "WorkerRuntimeIntegrationTests",
            dependencies: [
                "Contract", "Enrollment", "Messaging", "Postgres", "Settings", "Telemetry", "TestSupport", "TokenCore",
                "TokenCrypto", "TokenStore", "Verifier", "WorkerRuntime",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/WorkerRuntimeIntegrationTests"
        ),
        .testTarget(
            name: "EnrollmentTests",
            dependencies: ["Contract", "Enrollment", "TestSupport", "TokenCore", "WorkerRuntime"],
            path: "Tests/EnrollmentTests"
        ),
        .testTarget(
            name: "VerifierTests",
            dependencies: ["Contract", "TestSupport", "TokenCore", "Verifier", "WorkerRuntime"],
            path: "Tests/VerifierTests"
        ),
        .testTarget(
            name: "LifeCycleTests",
            dependencies: [
                "Contract", "Enrollment", "ExpiryScanner", "TestSupport", "TokenCore", "Verifier", "WorkerRuntime",
            ],
            path: "Tests/LifeCycleTests"
        ),
        .testTarget(
            name: "NotifierTests",
            dependencies: [
                "Contract", "Messaging", "Notifier", "ReceiverSupport", "SMPP", "TokenCore", "TokenStore", "Transport",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/NotifierTests"
        ),
        .testTarget(
            name: "NotifierIntegrationTests",
            dependencies: [
                "Contract", "Messaging", "Notifier", "Postgres", "ReceiverSupport", "SMPP", "Telemetry", "TestSupport",
                "TokenCore", "TokenCrypto", "TokenStore", "Transport", "WorkerRuntime",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/NotifierIntegrationTests"
        ),
        .testTarget(
            name: "ExpiryScannerTests",
            dependencies: ["Contract", "ExpiryScanner", "TestSupport", "TokenCore", "WorkerRuntime"],
            path: "Tests/ExpiryScannerTests"
        ),
        .testTarget(
            name: "ExpiryScannerIntegrationTests",
            dependencies: [
                "Contract", "ExpiryScanner", "Messaging", "Postgres", "Settings", "Telemetry", "TestSupport",
                "TokenCore", "TokenCrypto", "TokenStore", "WorkerRuntime",
            ],
            path: "Tests/ExpiryScannerIntegrationTests"
        ),
        .testTarget(
            name: "TokenCtlTests",
            dependencies: [
                "Contract", "Messaging", "Postgres", "Settings", "TestSupport", "TokenCore", "TokenCrypto", "TokenCtl",
                "TokenStore", "VendorFiles", "WorkerRuntime",
            ],
            path: "Tests/TokenCtlTests"
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Tests/fuzz builds this: libFuzzer has a `main` of its own, and everything that it watches is instrumented.
let isFuzzing = Context.environment["USER_TOKENS_FUZZ"] != nil
if isFuzzing {
    func fuzzer(_ name: String, _ dependencies: [Target.Dependency], dictionary: String) -> Target {
        .executableTarget(
            name: name,
            dependencies: ["FuzzDriver"] + dependencies,
            path: "Tests/\(name)",
            exclude: [dictionary],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
        )
    }
    // An executable can't be linked into another one: the services are libraries here.
    let services = package.targets.filter { ["Enrollment", "Verifier"].contains($0.name) }
    package.products = []
    package.targets.removeAll { target in services.contains { $0.name == target.name } || target.type == .test }
    package.targets += services.map {
        .target(name: $0.name, dependencies: $0.dependencies, path: $0.path, exclude: ["Main.swift"])
    }
    package.targets += [
        .target(name: "FuzzDriver", path: "Tests/FuzzDriver"),
        fuzzer("VendorFuzz", ["TokenCrypto", "VendorFiles"], dictionary: "vendor.dict"),
        fuzzer(
            "MessageFuzz",
            [
                "CommandSigning", "Contract", "Enrollment", "Messaging", "Settings", "TestSupport", "TokenCore",
                "TokenCrypto", "TokenStore", "Verifier", "WorkerRuntime",
            ],
            dictionary: "message.dict"
        ),
        fuzzer("SMPPFuzz", ["SMPP", "ShortMessages"], dictionary: "smpp.dict"),
    ]
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
    let watched = [
        "CommandSigning", "Contract", "Enrollment", "MessageFuzz", "SMPP", "SMPPFuzz", "ShortMessages", "TokenCore",
        "TokenCrypto", "TokenStore", "VendorFiles", "VendorFuzz", "Verifier", "WorkerRuntime",
    ]
    if isFuzzing, watched.contains(target.name) {
        target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]))
    }
    // So that the worker's parts can be put together without its process.
    if isFuzzing, target.type == .regular { target.swiftSettings?.append(.unsafeFlags(["-enable-testing"])) }
}
