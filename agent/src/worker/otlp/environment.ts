/**
 * OpenTelemetry's exporters read `process.env`, all of it while they are constructed. For that moment, and only with
 * OTEL_* names, it shows the environment that the agent was given, so that every variable means what the SDK says.
 * A worker has its own copy of `process.env` unless it was started with SHARE_ENV; where both agree, nothing is written.
 */
import type { Environment } from './settings.ts'

export function withEnvironment<T>(environment: Environment, build: () => T): T {
  const names = new Set([...Object.keys(process.env), ...Object.keys(environment)])
  const before = new Map<string, string | undefined>()
  for (const name of names) {
    if (!name.startsWith('OTEL_') || process.env[name] === environment[name]) continue
    before.set(name, process.env[name])
    write(name, environment[name])
  }
  try {
    return build()
  } finally {
    for (const [name, value] of before) write(name, value)
  }
}

function write(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
