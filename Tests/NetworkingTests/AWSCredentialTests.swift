import Foundation
import TestKit
import Testing

@testable import Networking

@Suite struct AWSCredentialTests {
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws -> String {
        let file = folder.url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private func environment(_ more: [String: String] = [:]) -> [String: String] {
        ["HOME": folder.path].merging(more) { $1 }
    }

    @Test func `keys given come before those of the environment, and those before the profile`() throws {
        let file = try write("keys", "[default]\naws_access_key_id = FILE\naws_secret_access_key = f\n")
        let variables = environment([
            "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "t",
            "AWS_SHARED_CREDENTIALS_FILE": file,
        ])
        let given = AWSCredentials(accessKey: "GIVEN", secretKey: "g")
        #expect(try AWSCredentialSource(given: given, environment: variables).credentials() == given)
        #expect(
            try AWSCredentialSource(environment: variables).credentials()
                == AWSCredentials(accessKey: "ENV", secretKey: "e", sessionToken: "t"))
        #expect(
            try AWSCredentialSource(profile: "default", environment: variables).credentials()
                == AWSCredentials(accessKey: "FILE", secretKey: "f"))
    }

    @Test func `profiles are read as Amazon's tools write them`() throws {
        _ = try FileManager.default.createDirectory(
            at: folder.url.appending(path: ".aws"), withIntermediateDirectories: true)
        _ = try write(
            ".aws/credentials",
            """
            # a comment
            [default]
            aws_access_key_id=ONE
            aws_secret_access_key=s/1+=

            [ other ]
            AWS_ACCESS_KEY_ID = TWO
            aws_secret_access_key = two
            aws_session_token = token==
            """)
        _ = try write(
            ".aws/config",
            """
            [default]
            region = eu-west-3
            s3 =
              region = nonsense
            [profile other]
            region = us-west-2
            [profile third]
            aws_access_key_id = THREE
            aws_secret_access_key = three
            [profile role]
            role_arn = arn:aws:iam::1:role/r
            """)
        let one = AWSCredentialSource(environment: environment())
        #expect(try one.credentials() == AWSCredentials(accessKey: "ONE", secretKey: "s/1+="))
        #expect(one.region == "eu-west-3")
        let two = AWSCredentialSource(environment: environment(["AWS_PROFILE": "other"]))
        #expect(try two.credentials() == AWSCredentials(accessKey: "TWO", secretKey: "two", sessionToken: "token=="))
        #expect(two.region == "us-west-2")
        #expect(AWSCredentialSource(environment: environment(["AWS_REGION": "ap-south-1"])).region == "ap-south-1")
        #expect(
            try AWSCredentialSource(profile: "third", environment: environment()).credentials().accessKey == "THREE")
        let role = #expect(throws: CloudError.self) {
            try AWSCredentialSource(profile: "role", environment: environment()).credentials()
        }
        #expect(role?.message.contains("role_arn") == true && role?.needsPerson == true)
    }

    @Test func `where there are no keys the error says where they were looked for`() throws {
        let error = #expect(throws: CloudError.self) {
            try AWSCredentialSource(environment: environment()).credentials()
        }
        #expect(error?.kind == .denied && error?.message.contains("\(folder.path)/.aws/credentials") == true)
        #expect(AWSCredentialSource(environment: environment()).region == nil)
    }

    @Test func `keys renewed in their file are used soon`() throws {
        let file = try write("keys", "[default]\naws_access_key_id=OLD\naws_secret_access_key=o\n")
        let source = AWSCredentialSource(environment: environment(["AWS_SHARED_CREDENTIALS_FILE": file]))
        #expect(try source.credentials().accessKey == "OLD")
        _ = try write("keys", "[default]\naws_access_key_id=NEWER\naws_secret_access_key=n\n")
        #expect(Patience.wait { try! source.credentials().accessKey == "NEWER" })
    }

    @Test func `nothing shows keys`() {
        let keys = AWSCredentials(accessKey: "AKID", secretKey: "top-secret", sessionToken: "tok")
        var text = "\(keys) \(String(reflecting: keys))"
        dump(keys, to: &text)
        #expect(!text.contains("top-secret") && !text.contains("tok\""))
    }
}
