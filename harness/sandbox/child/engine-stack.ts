// Measured with quickjs-wasi 3.6.2: with these two, every way found to recurse (calls, getters,
// proxies, JSON, the parser, sort, replace) ends in an ordinary RangeError of the guest, about 1,500
// calls deep. A larger engine stack overflows the host's first, which no guest could catch: on Node 24,
// whose frames are larger than those of Node 26, from about 380 KiB on (x64).

/** The stack of the engine, in bytes. */
export const ENGINE_STACK_BYTES: number = 352 * 1024

/** The `--stack-size` of the Node that runs the engine, in KiB. */
export const HOST_STACK_KB = 7000
