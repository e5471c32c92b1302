// Addresses of pages.

/** Goes to a page by its hash. */
export function go(hash) {
  location.hash = hash;
}

/** The address of an instrument's page. */
export function instrumentHash(name) {
  return `#/i/${encodeURIComponent(name).replaceAll('%3A', ':')}`;
}
