/** The built command in a real pseudo-terminal, with an emulator behind it that says what is on the screen. */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import xterm from '@xterm/headless'
import type { IPty, spawn as Spawn } from 'node-pty'
import { BIN } from './cli.ts'

export interface PtyOptions {
  columns?: number
  rows?: number
  env?: Record<string, string>
}

export interface Pty {
  pid: number
  screen: () => string
  /** All that was written, escape codes and all. */
  raw: () => string
  type: (keys: string) => void
  resize: (columns: number, rows: number) => void
  kill: (signal: NodeJS.Signals) => void
  /** Until the screen matches; fails with the screen as it is. */
  shows: (pattern: RegExp, timeoutMs?: number) => Promise<string>
  ended: Promise<{ exitCode: number; signal?: number | undefined }>
  terminal: xterm.Terminal
}

export function openPty(args: string[], { columns = 80, rows = 24, env = {} }: PtyOptions = {}): Pty {
  // A native addon: where it does not load, the tests fail rather than pass without having looked.
  const { spawn } = createRequire(import.meta.url)('node-pty') as { spawn: typeof Spawn }
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true })
  let written = ''
  const child: IPty = spawn(process.execPath, [BIN, ...args], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', TZ: 'UTC', TERM: 'xterm-256color', ...env },
  })
  child.onData((data) => {
    written += data
    terminal.write(data)
  })
  const ended = new Promise<{ exitCode: number; signal?: number | undefined }>((resolve) => child.onExit(resolve))
  const screen = () => {
    const { active } = terminal.buffer
    return Array.from(
      { length: terminal.rows },
      (_, i) => active.getLine(active.viewportY + i)?.translateToString(true) ?? '',
    ).join('\n')
  }
  return {
    pid: child.pid,
    screen,
    raw: () => written,
    type: (keys) => child.write(keys),
    resize: (newColumns, newRows) => {
      terminal.resize(newColumns, newRows)
      child.resize(newColumns, newRows)
    },
    kill: (signal) => child.kill(signal),
    shows: async (pattern, timeoutMs = 10_000) => {
      const end = Date.now() + timeoutMs
      while (!pattern.test(screen())) {
        if (Date.now() > end) throw new Error(`the screen never showed ${pattern}; it shows:\n${screen()}\n`)
        await sleep(20)
      }
      return screen()
    },
    ended,
    terminal,
  }
}
