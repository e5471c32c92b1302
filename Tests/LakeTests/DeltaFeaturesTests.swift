import Testing

@testable import Lake

@Suite struct DeltaFeaturesTests {
    private typealias Versions = DeltaAction.ProtocolVersions

    private func metadata(_ properties: [String: String] = [:], field: String = "{}") -> DeltaAction.Metadata {
        .init(
            id: "1", format: .init(provider: "parquet"),
            schemaString:
                #"{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":\#(field)}]}"#,
            partitionColumns: [], configuration: properties)
    }

    @Test func `a table is read unless it wants a feature of readers that is not known`() {
        #expect(DeltaFeatures.readObstacle(.init(minReaderVersion: 1, minWriterVersion: 2)) == nil)
        #expect(DeltaFeatures.readObstacle(.init(minReaderVersion: 2, minWriterVersion: 6)) == nil)
        #expect(
            DeltaFeatures.readObstacle(
                .init(
                    minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors", "v2Checkpoint"],
                    writerFeatures: ["deletionVectors", "v2Checkpoint", "rowTracking"])) == nil)
        // Features of writers do not concern readers.
        #expect(
            DeltaFeatures.readObstacle(.init(minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["news"])) == nil
        )
        let unknown = Versions(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["variantType", "columnMapping"],
            writerFeatures: [])
        #expect(DeltaFeatures.readObstacle(unknown)?.contains("variantType") == true)
        #expect(DeltaFeatures.readObstacle(unknown)?.contains("columnMapping") == false)
        #expect(
            DeltaFeatures.readObstacle(.init(minReaderVersion: 4, minWriterVersion: 7))?.contains("version 4") == true)
        #expect(DeltaFeatures.readObstacle(.init(minReaderVersion: 1, minWriterVersion: 8)) != nil)
    }

    @Test(
        arguments: [
            ("rowTracking", [:], "{}"), ("domainMetadata", [:], "{}"), ("deletionVectors", [:], "{}"),
            ("icebergCompatV2", [:], "{}"),
            ("inCommitTimestamp", ["delta.enableInCommitTimestamps": "true"], "{}"),
            ("checkConstraints", ["delta.constraints.positive": "a > 0"], "{}"),
            ("columnMapping", ["delta.columnMapping.mode": "name"], "{}"),
            ("invariants", [:], #"{"delta.invariants":"{\"expression\":{\"expression\":\"a > 0\"}}"}"#),
            ("generatedColumns", [:], #"{"delta.generationExpression":"1"}"#),
            ("identityColumns", [:], #"{"delta.identity.start":1}"#),
            ("allowColumnDefaults", [:], #"{"CURRENT_DEFAULT":"1"}"#),
        ] as [(String, [String: String], String)])
    func `what a table asks of writers and is not heeded here is named`(
        feature: String, properties: [String: String], field: String
    ) {
        let versions = Versions(minReaderVersion: 1, minWriterVersion: 7, writerFeatures: [feature])
        #expect(DeltaFeatures.writeObstacle(versions, metadata(properties, field: field))?.contains(feature) == true)
        #expect(DeltaFeatures.readObstacle(versions) == nil)
    }

    @Test func `features that nothing makes use of do not keep from writing`() {
        #expect(DeltaFeatures.writeObstacle(.init(minReaderVersion: 2, minWriterVersion: 6), metadata()) == nil)
        let all = [
            "allowColumnDefaults", "appendOnly", "changeDataFeed", "checkConstraints", "columnMapping",
            "generatedColumns",
            "identityColumns", "inCommitTimestamp", "invariants", "timestampNtz", "typeWidening", "vacuumProtocolCheck",
        ]
        let versions = Versions(
            minReaderVersion: 3, minWriterVersion: 7,
            readerFeatures: ["columnMapping", "timestampNtz", "typeWidening"],
            writerFeatures: all)
        #expect(DeltaFeatures.writeObstacle(versions, metadata(["delta.columnMapping.mode": "none"])) == nil)
    }

    @Test func `a feature that is added names all that the table had without saying so`() {
        #expect(
            DeltaFeatures.adding("typeWidening", to: .init(minReaderVersion: 1, minWriterVersion: 2))
                == Versions(
                    minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["typeWidening"],
                    writerFeatures: ["appendOnly", "invariants", "typeWidening"]))
        let upgraded = DeltaFeatures.adding("typeWidening", to: .init(minReaderVersion: 2, minWriterVersion: 5))
        #expect(upgraded.readerFeatures == ["columnMapping", "typeWidening"])
        #expect(
            upgraded.writerFeatures == [
                "appendOnly", "changeDataFeed", "checkConstraints", "columnMapping", "generatedColumns", "invariants",
                "typeWidening",
            ])
        let named = Versions(
            minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["timestampNtz"], writerFeatures: ["timestampNtz"]
        )
        #expect(
            DeltaFeatures.adding("typeWidening", to: named)
                == Versions(
                    minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["timestampNtz", "typeWidening"],
                    writerFeatures: ["timestampNtz", "typeWidening"]))
    }

    @Test(arguments: [
        ("byte", "short", true), ("short", "integer", true), ("integer", "long", true), ("byte", "long", true),
        ("long", "integer", false), ("integer", "integer", false), ("integer", "double", true),
        ("long", "double", false),
        ("float", "double", true), ("double", "float", false), ("date", "timestamp_ntz", true),
        ("date", "timestamp", false),
        ("integer", "decimal(10,0)", true), ("integer", "decimal(12,2)", true), ("integer", "decimal(10,2)", false),
        ("long", "decimal(20,0)", true), ("long", "decimal(18,0)", false), ("decimal(10,2)", "decimal(18,4)", true),
        ("decimal(10,2)", "decimal(12,6)", false), ("decimal(10,2)", "decimal(10,2)", false),
        ("decimal(10,2)", "decimal(12,1)", false), ("string", "long", false), ("integer", "string", false),
    ])
    func `types become wider as the protocol allows`(from: String, to: String, isAllowed: Bool) {
        #expect(DeltaType(from).canWiden(to: DeltaType(to)) == isAllowed)
    }
}
