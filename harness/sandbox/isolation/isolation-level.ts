/**
 * What really separates a program from the host, from weakest to strongest, as verified on a running
 * child: `process` (own process with Node's permission flags), `namespaced` (and kernel namespaces),
 * `kernel` (a system-call filter, and namespaces or Landlock, no new privileges, no capabilities).
 */
export type IsolationLevel = 'process' | 'namespaced' | 'kernel'

/** The least isolation a run accepts; `best` takes what the host gives. */
export type IsolationMinimum = IsolationLevel | 'best'

/** One thing that separates the child from the host. */
export type IsolationLayer =
  | 'wasm'
  | 'process'
  | 'node-permission'
  | 'rlimits'
  | 'uid-drop'
  | 'no-new-privs'
  | 'no-capabilities'
  | 'namespaces'
  | 'read-only-root'
  | 'seccomp'
  | 'landlock'
  | 'cgroup'

/** Verified facts about the child that ran a program; never derived from a driver's name. */
export interface IsolationFacts {
  readonly level: IsolationLevel
  readonly engine: 'quickjs' | 'v8'
  /** How the child was started, for example `'bwrap+self-seal'`. */
  readonly driver: string
  readonly layers: readonly IsolationLayer[]
  /** Layers this host does not give, each with what would give it. */
  readonly missing: readonly { readonly layer: IsolationLayer; readonly remedy: string }[]
}
