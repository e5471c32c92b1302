import Testing

@testable import Stores

@Suite struct PostgreSQLAddressTests {
    @Test func `limits for what does not answer are added where the user set none`() {
        #expect(
            PostgreSQLAddress("postgresql://a@h/d").text
                == "postgresql://a@h/d?connect_timeout=10&keepalives_idle=30&keepalives_interval=10&keepalives_count=3"
                + "&tcp_user_timeout=60000")
        let own = PostgreSQLAddress("postgresql://a@h/d?connect_timeout=3&sslmode=require").text
        #expect(own.hasPrefix("postgresql://a@h/d?connect_timeout=3&sslmode=require&keepalives_idle=30"))
        #expect(PostgreSQLAddress("host=h dbname=d").text.hasPrefix("host=h dbname=d connect_timeout=10 "))
    }

    @Test(arguments: [
        ("postgresql://a:geheim@h/d", "could not parse \"postgresql://a:geheim@h/d\""),
        ("postgresql://a:ge@heim@h/d", "unknown host \"heim@h\""),
        ("postgresql://a:geh/heim@h/d", "invalid port: \"geh\""),
        ("postgresql://a:geh%zzheim@h/d", "invalid percent-encoded token: \"geh%zzheim\""),
        ("postgresql://a:geh%65im@h/d", "password geheim is wrong"),
        ("postgresql://a@h/d?password=geheim&x=1", "what is geheim?"),
        ("host=h password=geheim dbname=d", "what is geheim?"), ("host=h password='geheim' dbname=d", "geheim"),
    ])
    func `no message repeats a password, nor a part of it`(uri: String, message: String) {
        let text = PostgreSQLAddress(uri).hidden(in: message + "\nHINT: line")
        for part in ["geheim", "heim", "geh"] { #expect(!text.contains(part), "\(text)") }
        #expect(text.hasSuffix(" HINT: line"))
    }
}
