internal import Analytics
internal import Platform
public import Serving

extension Worker {
    /// What the worker says of itself now: sums over its partitions, and each of them.
    public var status: Status {
        let state = loop.state
        var status = Status()
        let now = Timestamp.now().nanoseconds
        status.pipeline = configuration.name
        status.version = programVersion
        status.startedNs = startedNs
        status.uptimeSeconds = Double(now - startedNs) / 1e9
        status.intervals = configuration.bars.intervals.map(\.description)
        status.indicators = configuration.indicators.map(\.name)
        status.diskFreeBytes = Pipeline.diskFreeBytes(configuration.dataFolder)
        status.checks = [
            Status.Check(
                name: "group", isOK: state.failure == nil,
                detail: state.failure ?? "\(state.partitions.count) partitions of \(topic.partitions)")
        ]
        status.partitions = state.partitions.map { partition in
            var part = Status.Partition()
            part.partition = partition.partition
            part.lagMessages = partition.lagMessages
            part.lagFrames = partition.pipeline.engine.lagFrames
            part.storedOffset = partition.pipeline.sinks.first?.offset ?? 0
            return part
        }
        for partition in state.partitions { status.add(partition.pipeline, ofPartition: partition.partition) }
        status.checks.append(Pipeline.diskCheck(status.diskFreeBytes))
        return status
    }

    func registerMetrics() {
        loop.register(metrics)
        let gauges: [(String, String, @Sendable (Status) -> Int64)] = [
            ("tapedeck_trades", "Trades stored.", { $0.engine.trades }),
            ("tapedeck_quotes", "Quotes stored.", { $0.engine.quotes }),
            ("tapedeck_bars", "Bars that became final.", { $0.engine.bars }),
            ("tapedeck_duplicates", "Events dropped as repeats.", { $0.engine.duplicates }),
            ("tapedeck_late", "Events behind the watermark.", { $0.engine.late }),
            ("tapedeck_dead_letters", "Frames and events that were rejected.", { $0.engine.deadLetters }),
            (
                "tapedeck_engine_lag_frames", "Records taken that the engine has not processed.",
                { $0.engine.lagFrames }
            ),
            ("tapedeck_hot_rows", "Rows in hot tables.", { $0.hotRows }),
            ("tapedeck_disk_free_bytes", "Free space of the data folder.", { $0.diskFreeBytes }),
            ("tapedeck_ready", "1 where every check of /readyz holds.", { $0.isReady ? 1 : 0 }),
        ]
        for (name, help, read) in gauges {
            metrics.gauge(name, help: help) { [weak self] in (self?.status).map { Double(read($0)) } }
        }
    }
}

extension Status {
    /// Adds what a partition's pipeline says of itself.
    fileprivate mutating func add(_ other: Status, ofPartition partition: Int) {
        engine.lagFrames += other.engine.lagFrames
        engine.trades += other.engine.trades
        engine.quotes += other.engine.quotes
        engine.bars += other.engine.bars
        engine.duplicates += other.engine.duplicates
        engine.late += other.engine.late
        engine.gaps += other.engine.gaps
        engine.crossedQuotes += other.engine.crossedQuotes
        engine.deadLetters += other.engine.deadLetters
        hotRows += other.hotRows
        for check in other.checks where !check.isOK && check.name != "disk" {
            checks.append(
                Check(name: "partition \(partition) \(check.name)", isOK: false, detail: check.detail))
        }
        for sink in other.sinks {
            guard let place = sinks.firstIndex(where: { $0.name == sink.name }) else {
                sinks.append(sink)
                continue
            }
            sinks[place].lagFrames += sink.lagFrames
            sinks[place].lagSeconds = max(sinks[place].lagSeconds, sink.lagSeconds)
            sinks[place].lastFlushNs = max(sinks[place].lastFlushNs, sink.lastFlushNs)
            sinks[place].lastFlushSeconds = max(sinks[place].lastFlushSeconds, sink.lastFlushSeconds)
            sinks[place].rows += sink.rows
            sinks[place].files += sink.files
            sinks[place].bytes += sink.bytes
            let isWorse = sinks[place].state == "live" || ["degraded", "failed"].contains(sink.state)
            if isWorse, sinks[place].state != "failed" {
                sinks[place].state = sink.state
                sinks[place].detail = sink.detail ?? sinks[place].detail
            }
        }
    }
}
