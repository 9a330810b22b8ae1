/// libFuzzer's loop.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What is fed; libFuzzer's callback has room for no context.
nonisolated(unsafe) private var reader: ([UInt8]) -> Void = { _ in }

/// Feeds a reader with what libFuzzer makes up, as its command line says; returns its exit status.
///
/// To be called by a function of the C name `<product>_main`: under that name SwiftPM looks for an executable's `main`,
/// instead of libFuzzer's own.
package func fuzz(
    _ argumentCount: CInt,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
    _ read: @escaping ([UInt8]) -> Void
) -> CInt {
    var (argumentCount, arguments) = (argumentCount, arguments)
    reader = read
    return runDriver(&argumentCount, &arguments) { start, count in
        reader([UInt8](UnsafeBufferPointer(start: start, count: count)))
        return 0
    }
}
