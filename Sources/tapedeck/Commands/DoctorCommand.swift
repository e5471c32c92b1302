internal import CommandLineKit
internal import Databases
internal import Foundation
internal import Orchestration
internal import Platform

/// `tapedeck doctor`: what is installed, what is missing, and how to get it.
struct DoctorCommand: Command {
    static let spec = CommandSpec(
        "doctor", "Show what is installed, which versions, what is missing and how to get it.",
        examples: [.init("tapedeck doctor", "exit code 1 where something needed is missing")])

    private struct Finding {
        let name: String
        let isOK: Bool
        let detail: String
    }

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let findings = [
            Finding(name: "tapedeck", isOK: true, detail: programVersion), processor(), database(),
            extensionFile("delta"), extensionFile("httpfs"), charts(), disk(),
        ]
        var table = TextTable(["part", "state", "detail"])
        for finding in findings { table.add([finding.name, finding.isOK ? "ok" : "MISSING", finding.detail]) }
        Terminal.write(table.text(), to: 1)
        return findings.allSatisfy(\.isOK) ? .done : .failed
    }

    private static func processor() -> Finding {
        let flags = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let isOK = flags.contains("avx2") && flags.contains("sse4_2")
        return Finding(
            name: "processor", isOK: isOK,
            detail: isOK
                ? "AVX2 and the CRC-32C instruction; \(ProcessInfo.processInfo.activeProcessorCount) cores"
                : "AVX2 is needed (x86-64 of 2013 or later)")
    }

    private static func database() -> Finding {
        do {
            let result = try Database.duckDB().connect().query("SELECT version()").collect()
            return Finding(name: "DuckDB", isOK: true, detail: result.rows.first?.first?.text ?? "")
        } catch {
            return Finding(name: "DuckDB", isOK: false, detail: "\(error); run `make setup`")
        }
    }

    private static func extensionFile(_ name: String) -> Finding {
        guard let path = Dependencies.find("lib/\(name).duckdb_extension") else {
            return Finding(name: "DuckDB \(name)", isOK: false, detail: "not found; run `make setup`")
        }
        do {
            try Database.duckDB().connect().execute("LOAD \(SQLText.literal(path))")
            return Finding(name: "DuckDB \(name)", isOK: true, detail: path)
        } catch {
            return Finding(name: "DuckDB \(name)", isOK: false, detail: "\(error); run `make setup`")
        }
    }

    private static func charts() -> Finding {
        let path = Dependencies.find("share/lightweight-charts.js")
        return Finding(
            name: "charts", isOK: path != nil, detail: path ?? "the chart script is missing; run `make setup`")
    }

    private static func disk() -> Finding {
        let folder = FileManager.default.currentDirectoryPath
        let values = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        let free = (values?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        return Finding(name: "disk", isOK: free > 1 << 30, detail: "\(Humanized.bytes(free)) free in \(folder)")
    }
}
