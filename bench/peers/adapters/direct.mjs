// No sandbox at all: the ceiling for speed, the floor for safety. The CPU column is relative to this one.
const AsyncFunction = (async () => {}).constructor
export default {
  name: 'direct (no sandbox)',
  isolation: 'none',
  unkillable: true,
  async run(code, { tools }) {
    return { ok: true, value: await new AsyncFunction('tool', code)(async (n, a) => tools[n](a)) }
  },
}
