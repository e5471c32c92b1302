/// How a pipeline writes a lake together with others that may be elsewhere.
///
/// Who has the right to write under its name may change from one program to another, and the old one may not know it yet.
/// So nothing is locked in the lake, and files that somebody may still be about to commit are left alone: a commit goes
/// through only where the table is at the offset behind which its rows begin.
public struct LakeShare: Sendable {
    /// Folder of this program alone, for what is not to be kept.
    public var scratch: String
    /// Offsets that the pipeline's rows can have, and those of the others cannot.
    public var offsets: Range<Int64>

    public init(scratch: String, offsets: Range<Int64>) {
        self.scratch = scratch
        self.offsets = offsets
    }
}
