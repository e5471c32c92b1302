internal import CZlib

/// Gzip members in memory.
///
/// - Source: RFC 1952; zlib manual, "Advanced Functions".
public enum Gzip {
    /// `bytes` as one gzip member, without name and time: the same bytes give the same member.
    ///
    /// - Parameter level: 1 is fast, 9 small.
    public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 6) -> [UInt8] {
        var state = unsafe z_stream()
        let status = unsafe deflateInit2_(
            &state, Int32(level), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { fatalError("out of memory for zlib") }
        defer { unsafe deflateEnd(&state) }
        let bound = unsafe Int(deflateBound(&state, UInt(bytes.count)))
        precondition(bound <= Int(UInt32.max), "more than zlib takes at once")
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            unsafe state.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe state.avail_in = UInt32(bytes.count)
            unsafe state.next_out = target.baseAddress
            unsafe state.avail_out = UInt32(bound)
            let end = unsafe deflate(&state, Z_FINISH)
            precondition(end == Z_STREAM_END, "there is room for all of it")
            count = unsafe bound - Int(state.avail_out)
        }
    }
}
