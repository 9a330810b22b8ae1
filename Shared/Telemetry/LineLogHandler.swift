import Foundation
package import Logging
package import Settings

/// One log record before it is written.
struct LogRecord {
    let seconds: Int
    let milliseconds: Int
    let level: Logger.Level
    let service: String
    let message: String
    let metadata: Logger.Metadata
}

/// swift-log's back end: one line for each record, JSON or text, to a `LogSink`.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let service: String
    private let format: ObservationSettings.LogFormat
    private let sink: LogSink

    package init(
        service: String,
        level: ObservationSettings.LogLevel,
        format: ObservationSettings.LogFormat,
        sink: LogSink = .standardError
    ) {
        self.service = service
        self.format = format
        self.sink = sink
        logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error {
            all[LogKey.errorType] = "\(type(of: error))"
            // Our errors say nothing secret in their description; an error without one could quote anything.
            if type(of: error) is any CustomStringConvertible.Type { all[LogKey.errorMessage] = "\(error)" }
        }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let record = LogRecord(
            seconds: now.tv_sec,
            milliseconds: now.tv_nsec / 1_000_000,
            level: event.level,
            service: service,
            message: "\(event.message)",
            metadata: all
        )
        sink.append(format == .json ? LogLine.json(record) : LogLine.text(record))
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

extension Logger {
    /// The logger of a service, writing to standard error.
    package init(service: String, settings: ObservationSettings, sink: LogSink = .standardError) {
        self.init(label: service) { label in
            LineLogHandler(service: label, level: settings.logLevel, format: settings.logFormat, sink: sink)
        }
    }
}
