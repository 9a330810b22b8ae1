import TokenCrypto
import VendorFiles

/// Reads one file and tells what came of it, so that a tracer can watch a process that does nothing else.
///
/// The file is all of standard input; `armed` is written before it is read.
@main
enum VendorProbe {
    static func main() {
        var bytes: [UInt8] = []
        while let line = readLine(strippingNewline: false) { bytes += Array(line.utf8) }
        do throws(UnreadableFile) {
            let file = try VendorFiles.read(bytes)
            print("read \(file.entries.count) \(file.skipped.count)")
        } catch {
            print("refused \(error.reason.rawValue)")
        }
    }
}
