internal import Platform

extension ReplayPreset {
    /// Downloads of TrueFX. Times are UTC.
    ///
    /// - Source: truefx.com, historical downloads: `EUR/USD,20160502 00:00:00.959,1.14601,1.14605`.
    static let trueFXPresets: [ReplayPreset] = [
        ReplayPreset(
            name: "truefx",
            summary:
                "TrueFX forex ticks: `EUR/USD,YYYYMMDD HH:MM:SS.mmm,bid,ask`, or with a header in a folder so named; UTC."
        ) { sample in
            guard let first = sample.lines.first else { return nil }
            let fields = first.split(separator: ",", omittingEmptySubsequences: false)
            if fields.count == 4, isPair(fields[0]), CivilDate(fields[1].prefix(8)) != nil {
                var mapping = CSVMapping(kind: .quotes, time: .position(1), timeFormat: .text)
                mapping.symbolColumn = .position(0)
                mapping.venue = "TRUEFX"
                mapping.bid = .position(2)
                mapping.ask = .position(3)
                return .columns(mapping)
            }
            guard sample.isNamed("truefx"), case .success(var mapping) = HeaderDetector.detect(sample),
                mapping.kind == .quotes
            else { return nil }
            mapping.venue = "TRUEFX"
            return .columns(mapping)
        }
    ]

    /// `EUR/USD`.
    private static func isPair(_ text: Substring) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { $0.count == 3 && $0.allSatisfy(\.isUppercase) }
    }
}
