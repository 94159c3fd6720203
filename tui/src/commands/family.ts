/** Which of the local processes belong to the one that was started: itself, and what it started. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { LocalSocket } from '../source/local.ts'

export function parentOf(pid: number): number | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The name stands in parentheses and may hold any character.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    }
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }))
  } catch {
    return null
  }
}

export function descendsFrom(
  pid: number,
  ancestor: number,
  parent: (pid: number) => number | null = parentOf,
): boolean {
  const seen = new Set<number>()
  for (
    let current: number | null = pid;
    current !== null && current > 1 && !seen.has(current);
    current = parent(current)
  ) {
    if (current === ancestor) return true
    seen.add(current)
  }
  return false
}

const LAUNCHERS = /^(npm|npx|pnpm|pnpx|yarn|corepack|bunx?)(\.cmd|\.exe)?$/

/** A launcher runs on Node too, so it has the agent and a socket; it is not what anybody wants to see. */
export function isLauncher(command: string): boolean {
  return LAUNCHERS.test(command.split(/[\\/]/).at(-1) ?? '')
}

export function familySockets(
  sockets: LocalSocket[],
  root: number,
  command: string,
  parent?: (pid: number) => number | null,
): LocalSocket[] {
  const launched = isLauncher(command)
  return sockets.filter(({ pid }) => (pid === root ? !launched : descendsFrom(pid, root, parent)))
}
