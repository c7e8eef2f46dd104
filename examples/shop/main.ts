import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { AgenticApp, AuthUser, RunningServer } from '../../src/index.ts'
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
  const folder = join(import.meta.dirname, 'data')
  // The tour pays an order back: every start begins with the shop as it was.
  rmSync(join(folder, 'shop.db'), { force: true })
  const database = await openShopDatabase(folder)
  const { model, isScripted, note } = await chooseModel(process.env)
  const keys = [analyst, admin].map((user) => ({
    user,
    key: `${user.userId}-${randomBytes(12).toString('base64url')}`,
  }))
  const app = createShopApp({ model, database, store: join(folder, 'airlock.db'), keys })
  const server = await listen(app)
  stopOnSignal(app)

  page.heading(`Airlock serves the demo shop at ${server.url}`)
  page.line(`Model:      ${note}`)
  await showIsolation(app)
  for (const { user, key } of keys) page.line(`Key:        ${key}  (${user.roles.join()})`)
  if (isScripted) await playTour(app, { analyst, admin }, page)
  else page.line('The recorded tour is skipped: a real model is there, so ask it something.')
  showCommands(server.url, keys[0]?.key ?? '')
}

async function showIsolation(app: AgenticApp): Promise<void> {
  const { level, engine, driver, layers, missing } = await app.isolation()
  page.line(`Isolation:  ${level} (${engine}, ${driver}), verified: ${layers.join(', ')}`)
  for (const { layer, remedy } of missing) page.line(`            without ${layer}: ${remedy}`)
}

async function listen(app: AgenticApp): Promise<RunningServer> {
  for (let port = FIRST_PORT; ; port += 1) {
    try {
      return await app.listen({ port })
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken || port === FIRST_PORT + PORTS_TRIED) throw error
    }
  }
}

function stopOnSignal(app: AgenticApp): void {
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    page.line('\nStopping')
    app.close().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function showCommands(url: string, key: string): void {
  page.heading('Try it')
  page.line(`curl -s ${url}/agent/analytics -H 'X-API-Key: ${key}' -H 'Content-Type: application/json' \\
  -d '{"intent":"Who are our top five customers by lifetime revenue (name, country and segment)?"}'`)
  page.line(`curl -s ${url}/agent/analytics/execute -H 'X-API-Key: ${key}' -H 'Content-Type: application/json' \\
  -d '{"code":"return await tools.sql({ query: \\"SELECT status, COUNT(*) AS n FROM orders GROUP BY status\\" })"}'`)
  page.line(`curl -s ${url}/capabilities -H 'X-API-Key: ${key}'`)
  page.line(
    `curl -s ${url}/agent/greeter -H 'Content-Type: application/json' -d '{"intent":"Good morning"}'`,
  )
  page.line('\nCtrl-C stops the server.')
}

await main()
