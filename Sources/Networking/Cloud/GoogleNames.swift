public import Platform

/// Names in Google's services, as addresses take them.
public enum GoogleNames {
    /// Letters, digits and `-._~+%`: what names hold, and what an address takes. Projects of domains hold a colon.
    public static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-._~+%:".utf8.contains(byte)
            }
    }

    /// The option that names the project.
    public static func projectSpec(of what: String) -> Spec.Option {
        .text("project", default: "", "Project of the \(what); unset is GOOGLE_CLOUD_PROJECT.")
    }

    /// The project that the options name, else the environment; nil where neither has a name.
    public static func project(_ options: Options, _ environment: [String: String]) -> String? {
        let project = options.isSet("project") ? options.text("project") : environment["GOOGLE_CLOUD_PROJECT"] ?? ""
        return isName(project) ? project : nil
    }
}
