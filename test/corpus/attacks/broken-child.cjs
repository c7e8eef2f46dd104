// Known to be broken, on purpose: programs run by `new Function` in a process with everything in reach,
// one process for all of them, results and calls as lines on standard output. Sloppy, as its like are.
const waiting = new Map()
let count = 0

function send(message) {
  console.log(JSON.stringify(message))
}

const tools = new Proxy(
  {},
  {
    get:
      (_target, tool) =>
      (...args) =>
        new Promise((resolve, reject) => {
          const id = `call-${count++}`
          waiting.set(id, { resolve, reject })
          send({ type: 'call', id, tool, args })
        }),
  },
)

function run(code, data) {
  const body = new Function('data', 'tools', `return (async () => {${code}\n})()`)
  body(data, tools).then(
    (value) => send({ type: 'result', value }),
    (error) => send({ type: 'error', stack: error.stack, message: String(error.message) }),
  )
}

function read(line) {
  const message = JSON.parse(line)
  if (message.type === 'run') {
    try {
      run(message.code, message.data)
    } catch (error) {
      send({ type: 'error', message: String(error) })
    }
    return
  }
  const call = waiting.get(message.id)
  if (message.error === undefined) call.resolve(message.value)
  else call.reject(new Error(message.error))
}

let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop()
  for (const line of lines) read(line)
})

process.on('unhandledRejection', () => {})
