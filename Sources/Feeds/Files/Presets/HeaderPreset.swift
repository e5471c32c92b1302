internal import Platform

extension ReplayPreset {
    /// Text files with columns that are known by their form.
    static let columnPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "histdata",
            summary:
                "HistData forex ticks without header: `YYYYMMDD HHMMSSmmm,bid,ask,volume` in UTC-5; give the symbol."
        ) { sample in
            guard let fields = sample.lines.first?.split(separator: ","), fields.count == 4 else { return nil }
            let time = fields[0].split(separator: " ")
            guard time.count == 2, time[0].count == 8, time[1].count == 9, CivilDate(time[0]) != nil else { return nil }
            var mapping = CSVMapping(kind: .quotes, time: .position(0), timeFormat: .text)
            mapping.zone = "UTC-5"
            mapping.bid = .position(1)
            mapping.ask = .position(2)
            return .columns(mapping)
        },
        ReplayPreset(
            name: "csv", summary: "Text with a header: columns are found by their names, times and units by their form."
        ) { sample in
            switch HeaderDetector.detect(sample) {
            case .success(let mapping): .columns(mapping)
            case .failure(let refusal): refusal.isHeader ? .skip(refusal.reason) : nil
            }
        },
    ]
}
