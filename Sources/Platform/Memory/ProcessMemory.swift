internal import CPlatform

/// How this process gets memory from the system.
public enum ProcessMemory {
    /// Gives large blocks back to the system when they are freed.
    ///
    /// The C library raises the size from which it does so with every large block that is freed, up to 32 MiB, and then
    /// keeps what columns and segments let go of: resident memory would grow to several times what is in use.
    /// - Source: mallopt(3), `M_MMAP_THRESHOLD`, "Setting M_MMAP_THRESHOLD disables the dynamic adjustment".
    public static func returnLargeBlocks() {
        td_fix_memory_thresholds(256 << 10, 16 << 20)
    }
}
