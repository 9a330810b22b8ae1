// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "user-tokens",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
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

        // Shared modules, from the bottom up; arrows point down only.
        .target(name: "TokenCore", path: "Shared/TokenCore"),
        .target(name: "TokenCrypto", dependencies: ["COpenSSL", "TokenCore"], path: "Shared/TokenCrypto"),
        .target(name: "Contract", dependencies: ["TokenCore"], path: "Shared/Contract"),
        .target(name: "Postgres", dependencies: ["CLibPQ"], path: "Shared/Postgres"),
        .target(name: "Messaging", dependencies: ["CRdKafka"], path: "Shared/Messaging"),
        .target(name: "Transport", dependencies: ["CCurl"], path: "Shared/Transport"),
        .target(
            name: "Telemetry",
            dependencies: [.product(name: "Logging", package: "swift-log"), "FlyingFox"],
            path: "Shared/Telemetry"
        ),

        .target(name: "WorkerRuntime", dependencies: ["Contract", "TokenCore"], path: "Shared/WorkerRuntime"),

        // Workers.
        .executableTarget(
            name: "Enrollment",
            dependencies: ["Contract", "TokenCore", "WorkerRuntime"],
            path: "Services/Enrollment"
        ),
        .executableTarget(
            name: "ExpiryScanner",
            dependencies: ["Contract", "TokenCore", "WorkerRuntime"],
            path: "Services/ExpiryScanner"
        ),
        .executableTarget(
            name: "Verifier",
            dependencies: ["Contract", "TokenCore", "WorkerRuntime"],
            path: "Services/Verifier"
        ),

        // Tests mirror the targets.
        .target(name: "TestSupport", dependencies: ["TokenCore", "TokenCrypto"], path: "Tests/TestSupport"),
        .testTarget(name: "TokenCoreTests", dependencies: ["TokenCore", "TestSupport"], path: "Tests/TokenCoreTests"),
        .testTarget(
            name: "TokenCryptoTests",
            dependencies: ["TokenCrypto", "TestSupport"],
            path: "Tests/TokenCryptoTests"
        ),
        .testTarget(name: "ContractTests", dependencies: ["Contract", "TokenCore"], path: "Tests/ContractTests"),
        .testTarget(
            name: "EnrollmentTests",
            dependencies: ["Enrollment", "Contract", "TokenCore", "WorkerRuntime", "TestSupport"],
            path: "Tests/EnrollmentTests"
        ),
        .testTarget(
            name: "ExpiryScannerTests",
            dependencies: ["ExpiryScanner", "Contract", "TokenCore", "WorkerRuntime", "TestSupport"],
            path: "Tests/ExpiryScannerTests"
        ),
        .testTarget(
            name: "VerifierTests",
            dependencies: ["Verifier", "Contract", "TokenCore", "WorkerRuntime", "TestSupport"],
            path: "Tests/VerifierTests"
        ),
        .testTarget(
            name: "MessagingIntegrationTests",
            dependencies: ["Messaging", "TestSupport"],
            path: "Tests/MessagingIntegrationTests"
        ),
        .testTarget(
            name: "PostgresIntegrationTests",
            dependencies: ["Postgres", "TestSupport"],
            path: "Tests/PostgresIntegrationTests"
        ),
        .testTarget(name: "TelemetryTests", dependencies: ["Telemetry"], path: "Tests/TelemetryTests"),
        .testTarget(
            name: "TransportIntegrationTests",
            dependencies: ["Transport", "TestSupport"],
            path: "Tests/TransportIntegrationTests"
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
