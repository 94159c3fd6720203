/** When the agent keeps out, and why. A reason is one line for the user; an empty one needs no word. */
import { basename } from 'node:path'

/** Programs that only start others: `NODE_OPTIONS=… npm start` is about the server, not about npm. */
const LAUNCHERS = new Set(['npm', 'npm-cli', 'npx', 'npx-cli', 'yarn', 'pnpm', 'pnpx', 'corepack', 'node-gyp'])

interface Permission {
  has(scope: string): boolean
}

export function standDownReason(argument: string | undefined, execArgv: readonly string[]): string | undefined {
  if (argument !== undefined && LAUNCHERS.has(basename(argument).replace(/\.(c|m)?js$/, ''))) return ''
  if (execArgv.includes('--check') || execArgv.includes('-c')) return ''
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 15)) {
    return `Node ${process.versions.node} is too old: loopscope needs 22.15 or newer; the program runs without it`
  }
  const permission = (process as { permission?: Permission }).permission
  if (permission && !permission.has('worker')) {
    return 'standing down: under --permission it needs --allow-worker (and --allow-inspector to name what blocks the loop)'
  }
  return undefined
}

/** Connecting an inspector without the permission aborts the process. */
export function mayUseInspector(): boolean {
  const permission = (process as { permission?: Permission }).permission
  return permission === undefined || permission.has('inspector')
}
