/// Lends the bytes of a collection without a copy where they lie in one piece (arrays, slices, buffers, UTF-8 views).
@inline(__always)
func withContiguousBytes<Result, Failure: Error>(
    _ bytes: some Collection<UInt8>,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
    let lent = bytes.withContiguousStorageIfAvailable { buffer -> Swift.Result<Result, Failure> in
        do throws(Failure) {
            return .success(try body(UnsafeRawBufferPointer(buffer)))
        } catch {
            return .failure(error)
        }
    }
    if let lent { return try lent.get() }
    // Of the collections used here only a lazy or bridged one comes this way.
    return try withContiguousBytes(Array(bytes), body)
}

extension UnsafeRawBufferPointer {
    /// The bytes for C: never a null pointer, also where there are none.
    func withOctets<Result>(_ body: (UnsafePointer<UInt8>, Int) -> Result) -> Result {
        if let start = baseAddress { return body(start.assumingMemoryBound(to: UInt8.self), count) }
        var nothing: UInt8 = 0
        return body(&nothing, 0)
    }
}
