import {
  OutputSizeMonitor,
  OutputTypeValidator,
  ReadOnlyValidator,
  ResourceMonitor,
} from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'

/** An endpoint with the validators that every result passes, in front of its own. */
export function withDefaultValidators(endpoint: AgentEndpoint): AgentEndpoint {
  const defaults = [
    new OutputSizeMonitor({ maxBytes: endpoint.limits.maxOutputBytes }),
    new OutputTypeValidator(),
    new ResourceMonitor(),
    new ReadOnlyValidator(),
  ]
  return { ...endpoint, validators: [...defaults, ...endpoint.validators] }
}
