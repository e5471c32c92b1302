extension RandomAccessCollection where Index == Int {
    /// The first index whose element fulfils `condition`, in a collection where all behind it do too; its end where none
    /// does.
    ///
    /// - Complexity: O(log n).
    @inlinable
    package func partitioningIndex(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
