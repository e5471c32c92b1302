package import Analytics
package import Journaling
package import Market

/// What the engine made of a run of journal blocks: the unit that becomes visible to queries at once.
package final class Step {
    package let events: EventBatch
    package let frames = FrameBatch()
    package let controls: RecordBatch
    package let output: EngineOutput
    /// First offset behind the step.
    package var endOffset: Offset

    package init(output: EngineOutput, endOffset: Offset) {
        self.output = output
        controls = RecordBatch(Tables.controlRecords, texts: output.bars.texts)
        events = EventBatch(texts: output.bars.texts)
        self.endOffset = endOffset
    }

    /// The rows of all tables.
    package var batches: [any ColumnarBatch] {
        [frames, controls, events.deadLetters, events.trades, events.quotes, output.bars, output.indicators]
            + events.records
            + [output.coverage]
    }

    /// Rows over all tables, without records of the journal that are no messages: they go to the lake with others.
    package var rows: Int { batches.reduce(0) { $0 + $1.count } - controls.count }

    /// Empties the step and keeps its memory.
    package func removeAll() {
        events.removeAll()
        frames.removeAll()
        controls.removeAll()
        output.removeAll()
    }
}
