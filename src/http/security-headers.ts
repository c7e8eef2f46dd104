const SECURITY_HEADERS: { readonly [name: string]: string } = Object.freeze({
  // Answers belong to one caller.
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  // An answer opened in a browser is a document of our origin: it may load and run nothing.
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
})

/** Sets the headers that every answer carries; those an answer already has stay. */
export function setSecurityHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}
