internal import CWebSockets
internal import Platform
internal import Synchronization

/// Sends the library's own errors and warnings to the log, at debug level: what matters is reported by this module.
enum LibraryLog {
    private static let isInstalled = Mutex(false)

    static func install() {
        isInstalled.withLock { isInstalled in
            guard !isInstalled else { return }
            isInstalled = true
            let errors: Int32 = 1 << 0
            let warnings: Int32 = 1 << 1
            unsafe lws_set_log_level(errors | warnings) { _, line in
                guard let line = unsafe line else { return }
                let text = unsafe String(cString: line)
                Log.debug("libwebsockets: " + text.filter { !$0.isNewline })
            }
        }
    }
}
