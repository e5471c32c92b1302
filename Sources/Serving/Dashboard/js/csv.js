// Query results as CSV (RFC 4180): CRLF lines, quotes where needed, a missing value is an empty field.

function field(value) {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of a query's result, with a line of column names. */
export function toCSV({ columns, rows }) {
  const lines = [columns.map((column) => column.name), ...rows];
  return lines.map((line) => line.map(field).join(',')).join('\r\n') + '\r\n';
}
