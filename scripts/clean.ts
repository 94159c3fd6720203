/** `npm run clean`: removes what a build makes. */
import { globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

for (const path of globSync('{collector,agent,tui,dashboards}/{dist,tsconfig.tsbuildinfo}', { cwd: ROOT })) {
  rmSync(join(ROOT, path), { recursive: true, force: true })
}
