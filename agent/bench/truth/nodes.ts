/** The Node.js versions that are measured: the one that runs this, a path, or a major that the tests have put into their cache. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../support/server.ts'

export interface NodeVersion {
  path: string
  /** "24.21.0" */
  version: string
}

const run = promisify(execFile)

/** `which`: majors or paths. */
export async function findNodes(which: readonly string[]): Promise<NodeVersion[]> {
  const nodes: NodeVersion[] = []
  for (const one of which) {
    const path = /^\d+$/.test(one) ? await ofMajor(one) : one
    const { stdout } = await run(path, ['--version'])
    nodes.push({ path, version: stdout.trim().slice(1) })
  }
  return nodes
}

async function ofMajor(major: string): Promise<string> {
  if (process.versions.node.split('.')[0] === major) return process.execPath
  // The place where agent/test/versions.test.ts puts them too.
  const folder = join(ROOT, 'node_modules/.cache/loopscope-nodes', major)
  const path = join(folder, 'node_modules/node/bin/node')
  if (existsSync(path)) return path
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const about = { private: true, dependencies: { node: major }, allowScripts: { node: true } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(about))
  await run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'],
    { cwd: folder },
  )
  return path
}
