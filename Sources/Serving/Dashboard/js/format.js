// Numbers as text. Prices are shown with the decimals of their tick, as derived from prices seen.

const NONE = '–';
const MINUS = '−';
const MAX_DECIMALS = 10;
const formats = new Map();

function fixed(value, decimals) {
  let format = formats.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
    formats.set(decimals, format);
  }
  return format.format(value).replace('-', MINUS);
}

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

/** How many decimals the shortest text of `value` has: 0.0001 has 4, 1.745e-5 has 8. */
export function decimalsOf(value) {
  if (!isNumber(value)) return 0;
  const [mantissa, exponent = '0'] = String(value).split('e');
  const digits = mantissa.split('.')[1]?.length ?? 0;
  return Math.min(Math.max(digits - Number(exponent), 0), MAX_DECIMALS);
}

/** A price with a fixed number of decimals. */
export function price(value, decimals) {
  return isNumber(value) ? fixed(value, decimals) : NONE;
}

/** A difference with its sign. */
export function signed(value, decimals) {
  if (!isNumber(value)) return NONE;
  const text = fixed(Math.abs(value), decimals);
  if (!/[1-9]/.test(text)) return text;
  return (value > 0 ? '+' : MINUS) + text;
}

/** A percentage with its sign. */
export function percent(value) {
  return isNumber(value) ? `${signed(value, 2)}%` : NONE;
}

/** A whole number with separators. */
export function integer(value) {
  return isNumber(value) ? fixed(Math.round(value), 0) : NONE;
}

/** A size: the decimals it has, fewer the larger it is; millions are shortened. */
export function size(value) {
  if (!isNumber(value)) return NONE;
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6) return compact(value);
  return fixed(value, Math.min(decimalsOf(value), magnitude >= 1000 ? 2 : magnitude >= 1 ? 4 : 8));
}

/** A large count in few characters: 1.23M. */
export function compact(value) {
  if (!isNumber(value)) return NONE;
  const magnitude = Math.abs(value);
  for (const [limit, suffix] of [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e4, 'K']]) {
    if (magnitude >= limit) {
      const scaled = value / (suffix === 'K' ? 1e3 : limit);
      return fixed(scaled, Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2) + suffix;
    }
  }
  if (magnitude >= 1000 || Number.isInteger(value)) return fixed(value, 0);
  return fixed(value, magnitude >= 10 ? 1 : 2);
}

/** Bytes in binary units. */
export function bytes(value) {
  if (!isNumber(value)) return NONE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${fixed(scaled, unit === 0 || scaled >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** An amount of US dollars: $12.34. */
export function dollars(value) {
  return isNumber(value) ? `$${fixed(value, 2)}` : NONE;
}

/** A duration in seconds: 35 ms, 2.4 s, 5 m 03 s, 3 h 12 m, 2 d 4 h. */
export function duration(seconds) {
  if (!isNumber(seconds)) return NONE;
  if (seconds < 0) return `${MINUS}${duration(-seconds)}`;
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return `${fixed(seconds * 1e6, 0)} µs`;
  if (seconds < 0.9995) return `${fixed(seconds * 1e3, 0)} ms`;
  if (seconds < 60) return `${fixed(seconds, seconds < 10 ? 1 : 0)} s`;
  const whole = Math.floor(seconds);
  const pad = (value) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** Time left, in whole seconds: 0:38, 4:05, 1:02:03. */
export function countdown(seconds) {
  const whole = Math.max(Math.ceil(seconds), 0);
  const pad = (value) => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${pad(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/** `one` or its plural with the count: plural(2, 'feed') is "2 feeds". */
export function plural(count, one) {
  return `${integer(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** 'up', 'down' or null for the sign of a change. */
export function direction(change) {
  return change > 0 ? 'up' : change < 0 ? 'down' : null;
}
