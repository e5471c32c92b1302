package import Analytics
package import Journaling
package import Market

/// What the engine made of a run of journal blocks: the unit that becomes visible to queries at once.
package final class Step {
    package let events: EventBatch
    package let frames = FrameBatch()
    package let output: EngineOutput
    /// First offset behind the step.
    package var endOffset: Offset

    package init(output: EngineOutput, endOffset: Offset) {
        self.output = output
        events = EventBatch(texts: output.bars.texts)
        self.endOffset = endOffset
    }

    /// The rows of all tables.
    package var batches: [any ColumnarBatch] {
        [frames, events.deadLetters, events.trades, events.quotes, output.bars, output.indicators] + events.records
            + [output.coverage]
    }

    /// Rows over all tables.
    package var rows: Int { batches.reduce(0) { $0 + $1.count } }

    /// Empties the step and keeps its memory.
    package func removeAll() {
        events.removeAll()
        frames.removeAll()
        output.removeAll()
    }
}
