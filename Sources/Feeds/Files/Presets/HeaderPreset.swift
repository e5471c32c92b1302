internal import Platform

extension ReplayPreset {
    /// Any text whose first line names its columns.
    static let header = ReplayPreset(
        name: "csv", summary: "Text with a header: columns are found by their names, times and units by their form."
    ) { sample in
        switch HeaderDetector.detect(sample) {
        case .success(let mapping): .columns(mapping)
        case .failure(let refusal): refusal.isHeader ? .skip(refusal.reason) : nil
        }
    }
}
