/** What the service and the agent are called: read here, as the program's thread need not wait for files at its start. */
import { readFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'

/** OTEL_SERVICE_NAME, else the name of the package that the program's file belongs to, else the file's own. */
export function serviceName(environment: NodeJS.ProcessEnv, script: string, cwd: string): string {
  const named = environment['OTEL_SERVICE_NAME']
  if (named) return named
  let directory = script === '' ? cwd : dirname(script)
  for (;;) {
    try {
      const { name } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name?: unknown }
      if (typeof name === 'string' && name !== '') return name
    } catch {
      // No package.json here, or none that can be read.
    }
    if (dirname(directory) === directory) return script === '' ? 'node' : basename(script, extname(script))
    directory = dirname(directory)
  }
}

/** `packageJson`: of the agent. Permissions to read may end at its code. */
export function versionOf(packageJson: URL): string {
  try {
    return (JSON.parse(readFileSync(packageJson, 'utf8')) as { version: string }).version
  } catch {
    return 'unknown'
  }
}
