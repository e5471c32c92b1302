import CommandLineKit
import Glibc
import Platform
import Testing

struct InterruptTests {
    @Test func `a signal sets the flag and wakes who waits`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            try Interrupt.shared.install()
            guard !Interrupt.shared.isRequested, !Interrupt.shared.wait(timeoutNs: 1_000_000) else { exit(1) }
            Interrupt.shared.onRequest { exit(Interrupt.shared.signal == SIGTERM ? 7 : 2) }
            kill(getpid(), SIGTERM)
            while true { sleep(1) }
        }
    }

    @Test func `a second signal ends the process at once with 130`() async {
        await #expect(processExitsWith: .exitCode(130)) {
            try Interrupt.shared.install()
            kill(getpid(), SIGINT)
            guard Interrupt.shared.wait(timeoutNs: 10_000_000_000) else { exit(1) }
            kill(getpid(), SIGINT)
            while true { sleep(1) }
        }
    }

    @Test func `a request acts as a signal, and the next signal ends the process`() async {
        await #expect(processExitsWith: .exitCode(130)) {
            try Interrupt.shared.install()
            Interrupt.shared.request()
            guard Interrupt.shared.wait(), Interrupt.shared.signal == SIGTERM else { exit(1) }
            kill(getpid(), SIGTERM)
            while true { sleep(1) }
        }
    }
}
