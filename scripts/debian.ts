/** Debian's packages that end-to-end tests need: installed when they are missing and this machine can do so. */
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'

const POLICY = '/usr/sbin/policy-rc.d'

export function installFromDebian(name: string, commands: readonly string[], say: (line: string) => void): void {
  if (commands.every(has)) return
  if (!has('apt-get') || process.getuid?.() !== 0) {
    const missing = `${commands.join(' and ')} ${commands.length > 1 ? 'are' : 'is'} not on the PATH.`
    throw new Error(`${missing} Install ${name} (Debian: sudo apt-get install ${name}), then try again.`)
  }
  say(`${name} is missing: apt-get install ${name} (its service is not started)`)
  // Debian starts a service when it installs it, unless this file says no.
  const ours = writeNew(POLICY, '#!/bin/sh\nexit 101\n')
  try {
    // Debian's image has no package lists; where they are there, this is a matter of seconds.
    apt('update')
    apt('install', '--yes', '--no-install-recommends', name)
  } finally {
    if (ours) rmSync(POLICY)
  }
}

function apt(...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync('apt-get', ['-q', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 180_000,
  })
  if (status !== 0) {
    const output = `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n')
    throw new Error(`apt-get ${args.join(' ')} failed${error ? `: ${error.message}` : ''}\n${output}`)
  }
}

function has(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** Writes a file that is not there yet; whether it did. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o755 })
    return true
  } catch {
    return false
  }
}
