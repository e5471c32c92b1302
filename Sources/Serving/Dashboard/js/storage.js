// Preferences that survive a reload. Storage may be forbidden or full: then they last as long as the page.

const memory = new Map();

/** The stored text for `key`, or `fallback`. */
export function load(key, fallback = null) {
  if (memory.has(key)) return memory.get(key);
  try {
    return localStorage.getItem(`tapedeck.${key}`) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Keeps `value` (text) under `key`. */
export function save(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(`tapedeck.${key}`, value);
  } catch {
    // Kept in memory only.
  }
}
