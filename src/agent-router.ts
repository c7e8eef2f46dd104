import { ConfigurationError, refuseUnknownOptions } from '../harness/index.ts'
import type { AgentEndpointOptions, AgentHandler, ScopeOptions } from './agent-endpoint.ts'
import { checkScopeOptions } from './check-options.ts'

/** How a router is made. */
export interface RouterOptions extends ScopeOptions {
  /** Stands before the name of each endpoint: `prefix.name`. */
  readonly prefix: string
}

/**
 * A group of endpoints with a prefix and options in common. Its policies, approval rules and validators
 * add to the app's, its `auth` replaces the app's.
 *
 * @example
 * ```ts
 * const support = app.router({ prefix: 'support', auth: staffAuth })
 * support.agentEndpoint({ name: 'tickets', tools: [tickets] }) // POST /agent/support.tickets
 * ```
 */
export class AgentRouter {
  readonly #declare: (options: AgentEndpointOptions, handler?: AgentHandler) => void

  constructor(
    options: RouterOptions,
    declare: (options: AgentEndpointOptions, handler?: AgentHandler) => void,
  ) {
    refuseUnknownOptions('router', options, [
      'prefix',
      'auth',
      'policies',
      'approval',
      'validators',
      'limits',
      'typeCheck',
      'repairRounds',
    ])
    checkScopeOptions('router', options)
    if (!/^[A-Za-z][\w-]{0,63}$/.test(options.prefix)) {
      throw new ConfigurationError(
        'A router prefix is a letter followed by letters, digits, "-" or "_", at most 64 in all',
      )
    }
    this.#declare = declare
  }

  /** Declares an endpoint of this group; see `AgenticApp.agentEndpoint`. */
  agentEndpoint(options: AgentEndpointOptions, handler?: AgentHandler): void {
    this.#declare(options, handler)
  }
}
