// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "user-tokens",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
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
        .target(name: "Settings", path: "Shared/Settings"),
        .target(
            name: "Telemetry",
            dependencies: [
                "Settings",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ],
            path: "Shared/Telemetry"
        ),

        // Services: one executable each.
        .executableTarget(
            name: "Notifier",
            dependencies: [
                "Settings", "Telemetry", "Transport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            path: "Services/Notifier"
        ),

        // Tests mirror the targets.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "TokenCoreTests", dependencies: ["TokenCore"], path: "Tests/TokenCoreTests"),
        .testTarget(
            name: "TokenCryptoTests",
            dependencies: ["TokenCrypto", "TestSupport"],
            path: "Tests/TokenCryptoTests"
        ),
        .testTarget(name: "ContractTests", dependencies: ["Contract"], path: "Tests/ContractTests"),
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
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], path: "Tests/SettingsTests"),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Settings", "Telemetry", .product(name: "Logging", package: "swift-log")],
            path: "Tests/TelemetryTests"
        ),
        .target(name: "ReceiverSupport", dependencies: ["Transport"], path: "Tests/ReceiverSupport"),
        .testTarget(
            name: "NotifierTests",
            dependencies: ["Notifier", "ReceiverSupport", "Transport"],
            path: "Tests/NotifierTests"
        ),
        .testTarget(
            name: "TransportIntegrationTests",
            dependencies: ["ReceiverSupport", "Transport"],
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
