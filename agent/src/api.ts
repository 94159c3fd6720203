/** What a program may call. Without the agent all of it does nothing, and costs nothing. */

/** What the loaded agent offers; found on the global, so that one agent serves every copy of this file. */
export interface AgentApi {
  withTask<T>(name: string, fn: () => T | Promise<T>): Promise<T>
  allowBlocking<T>(fn: () => T, why: string): T
  setRoute(name: string): void
  metrics(): Promise<string>
}

const AGENT = Symbol.for('loopscope.agent')

function agent(): AgentApi | undefined {
  return (globalThis as Record<symbol, unknown>)[AGENT] as AgentApi | undefined
}

/** Runs `fn` as a background task of this name; its result and its errors are passed on untouched. */
export async function withTask<T>(name: string, fn: () => T | Promise<T>): Promise<T> {
  const loaded = agent()
  return loaded ? loaded.withTask(name, fn) : fn()
}

/**
 * Runs `fn`, which may hold the loop, and says why: its blocks are shown with this reason, and are in no ranking, no alert
 * and in a metric of their own. An async `fn` is allowed until its promise settles. Its result and its errors are passed on
 * untouched (a promise as one that settles the same).
 */
export function allowBlocking<T>(fn: () => T, why: string): T {
  const loaded = agent()
  return loaded ? loaded.allowBlocking(fn, why) : fn()
}

/** Names the route of the current request, for servers whose framework is not hooked: `setRoute('/cart/:id')`. */
export function setRoute(name: string): void {
  agent()?.setRoute(name)
}

/** The text of /metrics, for a program that serves it from a port of its own. */
export async function metrics(): Promise<string> {
  return (await agent()?.metrics()) ?? ''
}
