// Measured with quickjs-wasi 3.6.2: with these two, every way found to recurse (calls, getters,
// proxies, JSON, the parser, sort, replace) ends in an ordinary RangeError of the guest, about 1,700
// calls deep. A larger engine stack overflows the host's first, which no guest could catch. Nested
// parentheses in the parser need the most of the host's: between 6,400 and 6,600 KiB (x64, Node 26).

/** The stack of the engine, in bytes. */
export const ENGINE_STACK_BYTES: number = 400 * 1024

/** The `--stack-size` of the Node that runs the engine, in KiB. */
export const HOST_STACK_KB = 7000
