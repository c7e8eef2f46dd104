import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { AgenticApp, AuthUser } from '../../src/index.ts'
import { chooseModel } from './choose-model.ts'
import { openShopDatabase } from './open-shop-database.ts'
import { createShopApp } from './shop-app.ts'
import { playTour } from './tour.ts'

const FIRST_PORT = 8787
const PORTS_TRIED = 20

const analyst: AuthUser = {
  userId: 'ana',
  username: 'Ana',
  roles: ['analyst'],
  scopes: [],
  metadata: {},
}
const admin: AuthUser = {
  userId: 'ada',
  username: 'Ada',
  roles: ['admin'],
  scopes: [],
  metadata: {},
}

const page = {
  heading: (text: string) => console.log(`\n${styleText('bold', text)}`),
  line: (text: string) => console.log(text),
}

async function main(): Promise<void> {
  const port = await freePort()
  // The tour pays an order back: every start begins with the shop as it was. A second demo has its own.
  const folder = join(import.meta.dirname, 'data', String(port))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const database = await openShopDatabase(folder)
  const { model, isScripted, note } = await chooseModel(process.env)
  const keys = [analyst, admin].map((user) => ({
    user,
    key: `${user.userId}-${randomBytes(12).toString('base64url')}`,
  }))
  const app = createShopApp({ model, database, store: join(folder, 'airlock.db'), keys })
  const server = await app.listen({ port })
  const stopping = stopOnSignal(app)

  page.heading(`Airlock serves the demo shop at ${server.url}`)
  page.line(`Model:      ${note}`)
  await showIsolation(app)
  for (const { user, key } of keys) page.line(`Key:        ${key}  (${user.roles.join()})`)
  if (isScripted) await playTour(app, { analyst, admin }, page).catch(unlessStopping(stopping))
  else page.line('The recorded tour is skipped: a real model is there, so ask it something.')
  if (!stopping.aborted) showCommands(server.url, keys)
}

/** The first port from 8787 on that nobody listens on. */
async function freePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port += 1) {
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
  throw new Error(`No port from ${FIRST_PORT} on is free; stop a server and try again`)
}

/** What the tour says when the app is closed under it is no news. */
function unlessStopping(stopping: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!stopping.aborted) throw error
  }
}

async function showIsolation(app: AgenticApp): Promise<void> {
  const { level, engine, driver, layers, missing } = await app.isolation()
  page.line(`Isolation:  ${level} (${engine}, ${driver}), verified: ${layers.join(', ')}`)
  for (const { layer, remedy } of missing) page.line(`            without ${layer}: ${remedy}`)
}

/** Closes the app on Ctrl-C; the signal says that it is on its way. */
function stopOnSignal(app: AgenticApp): AbortSignal {
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    page.line('\nStopping')
    app.close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return stopping.signal
}

function showCommands(url: string, keys: readonly { user: AuthUser; key: string }[]): void {
  const [analystKey = '', adminKey = ''] = keys.map(({ key }) => key)
  const post = (path: string, key: string, body: object) =>
    page.line(`curl -s -w '\\n' ${url}${path}${key === '' ? '' : ` -H 'X-API-Key: ${key}'`} \\
  -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`)
  page.heading('Try it')
  post('/agent/analytics', analystKey, {
    intent: 'Who are our top five customers by lifetime revenue (name, country and segment)?',
  })
  post('/agent/analytics/execute', analystKey, {
    code: 'return (await tools.sql({ query: "SELECT status, COUNT(*) AS n FROM orders GROUP BY status" })).rows',
  })
  page.line(`curl -s -w '\\n' ${url}/capabilities -H 'X-API-Key: ${analystKey}'`)
  post('/agent/greeter', '', { intent: 'Good morning' })
  page.heading(
    'Hold a refund, and approve it as the admin: put the approvalId of the first answer in',
  )
  post('/agent/analytics/execute', analystKey, {
    code: 'return await tools.create_refund({ order_id: 12000, amount_cents: 500, reason: "late" })',
  })
  post('/approvals/APPROVAL_ID/resolve', adminKey, { approve: true, reason: 'checked' })
  page.line(`curl -s -w '\\n' ${url}/runs/RUN_ID -H 'X-API-Key: ${analystKey}'`)
  page.line('\nCtrl-C stops the server.')
}

await main()
