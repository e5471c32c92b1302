package import Analytics
package import Journaling
package import Market

/// What the engine made of a run of journal blocks: the unit that the store makes visible at once.
package final class Step: @unchecked Sendable {  // handed from the engine thread to the store thread
    package let events = EventBatch()
    package let frames = FrameBatch()
    package let output: EngineOutput
    /// Open bars as they are at the end of the step; nil where they did not change.
    package var openBars: BarBatch?
    /// First offset behind the step.
    package var endOffset: Offset
    /// Texts that the indices in the columns refer to.
    package var dictionaries: BatchDictionaries?
    /// State of the engine at the end of the step: asks the store to flush and then to save it.
    package var checkpoint: [UInt8]?
    /// Called when the store has done everything this step asked for.
    package var completion: (@Sendable () -> Void)?

    package init(output: EngineOutput, endOffset: Offset) {
        self.output = output
        self.endOffset = endOffset
    }

    /// Rows over all tables.
    package var rows: Int {
        events.trades.count + events.quotes.count + events.deadLetters.count + frames.count + output.bars.count
            + output.indicators.count
    }
}
