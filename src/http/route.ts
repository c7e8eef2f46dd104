import type { JsonObject } from '../../harness/index.ts'
import type { AuthUser } from '../security/auth-user.ts'
import type { AppPort } from './app-port.ts'
import { checkBodyHeaders, readJsonObject } from './request-body.ts'

/** One route: what it answers, and how. */
export type Route = readonly [
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  handler: (request: Request, param: (name: string) => string) => Promise<Response>,
]

/** Reads who sent a request. */
export type ReadCaller = (request: Request) => Promise<AuthUser | null>

/** A request that has a body, with whoever sent it. */
export type ReadBody = (
  request: Request,
) => Promise<{ readonly user: AuthUser | null; readonly body: JsonObject }>

/** Headers first, then who is calling, then the body: a stranger cannot make the server hold one. */
export function bodyReader(port: Pick<AppPort, 'maxBodyBytes'>, caller: ReadCaller): ReadBody {
  return async (request) => {
    checkBodyHeaders(request, port.maxBodyBytes)
    const user = await caller(request)
    return { user, body: await readJsonObject(request, port.maxBodyBytes) }
  }
}
