internal import Foundation

/// Where credentials are found that no configuration states.
public enum CloudEnvironment {
    /// The variables of this process.
    public static var process: [String: String] { ProcessInfo.processInfo.environment }
}
