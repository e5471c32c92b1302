/// What a progress bar shows, as text of a given width.
struct ProgressLine: Sendable {
    var label: String
    /// What `count` counts, for example `rows`.
    var unit: String
    /// Part done from 0 to 1; nil where the whole is unknown.
    var fraction: Double?
    var count: Int64
    /// Counted per second; nil before it is known.
    var rate: Double?
    /// Seconds to go; nil before it is known.
    var remaining: Double?
    var elapsed: Double

    private static let leastBar = 10
    private static let mostBar = 40

    /// The line, never wider than `width`: first the bar shrinks, then goes, then numbers go from the right, and the
    /// label is cut last.
    func text(width: Int, unicode: Bool) -> String {
        var fields = ["\(Humanized.count(Double(count))) \(unit)"]
        if let fraction { fields.insert("\(Int((max(0, min(1, fraction)) * 100).rounded(.down)))%", at: 0) }
        if let rate { fields.append("\(Humanized.count(rate)) \(unit)/s") }
        if let remaining {
            fields.append("ETA \(Humanized.clock(seconds: remaining))")
        } else if fraction == nil {
            fields.append(Humanized.clock(seconds: elapsed))
        }
        let name = DisplayWidth.printable(label)
        while !fields.isEmpty {
            let tail = fields.joined(separator: "  ")
            let room = width - DisplayWidth.of(name) - DisplayWidth.of(tail) - 2
            if let fraction, room - 2 >= Self.leastBar {
                return "\(name)  \(bar(fraction, columns: min(Self.mostBar, room - 2), unicode: unicode))  \(tail)"
            }
            if room >= 0 { return "\(name)  \(tail)" }
            // The part done says most in least room: it stays to the end.
            if fields.count == 1 {
                let cut = DisplayWidth.truncated(name, to: width - DisplayWidth.of(tail) - 2)
                return cut.isEmpty ? DisplayWidth.truncated(tail, to: width) : "\(cut)  \(tail)"
            }
            fields.removeLast()
        }
        return ""
    }

    private func bar(_ fraction: Double, columns: Int, unicode: Bool) -> String {
        let full = Int((max(0, min(1, fraction)) * Double(columns)).rounded(.down))
        let (done, open) = unicode ? ("━", "─") : ("#", "-")
        return String(repeating: done, count: full) + String(repeating: open, count: columns - full)
    }
}
