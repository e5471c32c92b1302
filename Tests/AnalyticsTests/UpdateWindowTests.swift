import TestKit
import Testing

@testable import Analytics

struct UpdateWindowTests {
    private func insert(_ numbers: some Sequence<Int64>, _ window: inout UpdateWindow) -> [Bool] {
        numbers.map { window.insert($0, window: 8) }
    }

    @Test func `numbers rise with holes, and each is new once`() {
        var window = UpdateWindow()
        #expect(insert([5, 9, 30], &window) == [true, true, true])
        #expect(insert([9, 30, 7, 7, 4, 4], &window) == [false, false, true, false, true, false])
    }

    @Test func `below the window a number of the session counts as seen`() {
        var window = UpdateWindow()
        #expect(insert(stride(from: 0, through: 200, by: 10), &window).allSatisfy { $0 })
        #expect(insert([195, 151], &window) == [true, true])
        #expect(insert([15, 0], &window) == [false, false])
    }

    @Test func `a session that is played again is recognised as a whole`() {
        var window = UpdateWindow()
        let session = stride(from: Int64(1000), to: 3000, by: 7)
        #expect(insert(session, &window).allSatisfy { $0 })
        window.seal()
        #expect(insert(session, &window).allSatisfy { !$0 })
        #expect(insert([3001, 3000, 3001], &window) == [true, true, false])
    }

    @Test func `an earlier recording is not mistaken for a repetition`() {
        var window = UpdateWindow()
        #expect(insert(5000..<5100, &window).allSatisfy { $0 })
        window.seal()
        #expect(insert(100..<200, &window).allSatisfy { $0 })
        window.seal()
        #expect(insert(5100..<5200, &window).allSatisfy { $0 })
        #expect(insert([150, 5050, 5100], &window) == [false, false, false])
        #expect(window.sealed == [.init(first: 100, last: 199), .init(first: 5000, last: 5099)])
    }

    @Test func `an earlier recording is taken even where no session was begun for it`() {
        var window = UpdateWindow()
        #expect(insert(5000..<5100, &window).allSatisfy { $0 })
        #expect(insert(100..<200, &window).allSatisfy { $0 })
        #expect(insert([5000, 5099, 100, 199], &window) == [false, false, false, false])
        #expect(insert(5100..<5110, &window).allSatisfy { $0 })
    }

    @Test func `spans are bounded`() {
        var window = UpdateWindow()
        for session in 0..<1000 {
            #expect(insert([Int64(session * 10)], &window) == [true])
            window.seal()
        }
        #expect(window.sealed.count == UpdateWindow.spansMax)
        #expect(insert([0, 9990, 9985], &window) == [false, false, true])
    }
}
