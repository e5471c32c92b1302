// The HTTP interface. Addresses are relative, so the dashboard also works below a proxy's prefix.

/** An answer with an error, or no answer at all. */
export class RequestError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function request(path, options = {}, parse = (text) => JSON.parse(text)) {
  let response;
  let text;
  try {
    response = await fetch(`api/v1/${path}`, options);
    text = await response.text();
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RequestError('unreachable', 'The server cannot be reached.');
  }
  if (!response.ok) {
    const { code = 'http', message = `HTTP ${response.status}` } = errorIn(text);
    throw new RequestError(code, message);
  }
  return parse(text);
}

function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}

function get(path, query, signal) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return request(text ? `${path}?${text}` : path, { signal });
}

export async function fetchInstruments(signal) {
  return (await get('instruments', {}, signal)).instruments;
}

/** Bars, oldest first; `to` (RFC 3339) is exclusive. */
export async function fetchBars({ instrument, interval, priceType, to, limit }, signal) {
  const query = { instrument, interval, price_type: priceType, to, limit };
  return (await get('bars', query, signal)).bars;
}

/** Indicator series by name, each oldest first; `to` (RFC 3339) is exclusive. */
export async function fetchIndicators({ instrument, interval, priceType, to, limit }, signal) {
  const query = { instrument, interval, price_type: priceType, to, limit };
  return (await get('indicators', query, signal)).series;
}

/** Trades, newest first. */
export async function fetchTrades({ instrument, limit }, signal) {
  return (await get('trades', { instrument, limit }, signal)).trades;
}

/** Stretches of coverage of an instrument and its feed that touch the range (RFC 3339), oldest first. */
export async function fetchCoverage({ instrument, from, limit }, signal) {
  return (await get('coverage', { instrument, from, limit }, signal)).coverage;
}

/** Whether a venue is open, and when that changes; `calendar` is null where its hours are not known. */
export function fetchCalendar(venue, signal) {
  return get('calendar', { venue }, signal);
}

export function fetchStatus(signal) {
  return get('status', {}, signal);
}

/** Runs a query. Integers beyond 2^53, such as nanosecond times, come back as text, digit for digit. */
export function runQuery(sql, { limit = 1000, timeoutMs = 10_000 } = {}, signal) {
  const body = JSON.stringify({ sql, limit, timeout_ms: timeoutMs });
  const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body, signal };
  return request('query', options, (text) => JSON.parse(text, exactIntegers));
}

function exactIntegers(_key, value, context) {
  const unsafe = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return unsafe && /^-?\d+$/.test(context?.source ?? '') ? context.source : value;
}
