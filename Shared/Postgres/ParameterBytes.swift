/// The bytes of one parameter, at an address that stays put while libpq reads them.
///
/// `@unchecked Sendable`: written in `init` only, read-only afterwards.
final class ParameterBytes: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let count: Int

    /// - Parameter count: exactly as many bytes as `fill` writes.
    init(count: Int, fill: (inout ParameterWriter) -> Void) {
        self.count = count
        start = .allocate(byteCount: max(count, 1), alignment: 8)
        var writer = ParameterWriter(room: UnsafeMutableRawBufferPointer(start: start, count: count))
        fill(&writer)
        precondition(writer.position == count, "a parameter's size was foretold wrongly")
    }

    deinit {
        start.deallocate()
    }
}

/// Writes network byte order into a buffer of foretold size.
struct ParameterWriter {
    let room: UnsafeMutableRawBufferPointer
    var position = 0

    mutating func put<Word: FixedWidthInteger & BitwiseCopyable>(_ value: Word) {
        let size = MemoryLayout<Word>.size
        precondition(room.count - position >= size, "a parameter's size was foretold wrongly")
        room.storeBytes(of: value.bigEndian, toByteOffset: position, as: Word.self)
        position += size
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        precondition(room.count - position >= bytes.count, "a parameter's size was foretold wrongly")
        UnsafeMutableRawBufferPointer(rebasing: room[position...])
            .copyMemory(from: UnsafeRawBufferPointer(start: source, count: bytes.count))
        position += bytes.count
    }
}
