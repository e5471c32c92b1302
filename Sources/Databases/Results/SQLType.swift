/// The type of a result column, in the words of the API.
public enum SQLType: String, Sendable {
    case null, boolean, integer, float, decimal, text, binary, date, time, timestamp, interval, list, structure
}
