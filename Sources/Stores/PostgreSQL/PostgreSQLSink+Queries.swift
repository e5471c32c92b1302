public import Databases
public import Delivery
public import Platform

extension PostgreSQLSink {
    /// Runs a statement in the database of a sink, whose schema is looked in first.
    ///
    /// - Throws: what the server says, without secrets.
    public static func ask(
        _ sql: String, _ options: Options, _ context: SinkContext, rowsMax: Int
    ) throws(DeliveryError) -> QueryResult {
        let address = PostgreSQLAddress(options.secret("uri"))
        return try address.translating { () throws(DatabaseError) in
            let connection = try Database.postgreSQL(uri: address.text).connect()
            let schema = SQLText.identifier(options.text("schema"))
            try connection.execute("SET search_path = \(schema), \"$user\", public")
            return try connection.query(sql).collect(rows: rowsMax)
        }
    }
}
