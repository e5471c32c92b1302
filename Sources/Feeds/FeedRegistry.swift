public import Platform
public enum FeedRegistry {
    public static let all: [any Feed.Type] = []
    public static func makeDecoder(settings: String, context: DecoderContext) throws -> any FeedDecoder { fatalError() }
    public static func make(_ options: Options) throws -> any Feed { fatalError() }
}
