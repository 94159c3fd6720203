import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** In a temp directory of its own, so that whatever is left behind is seen. */
const temp = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
// As the system's own: the unprivileged user that PostgreSQL runs as makes and removes its directory there.
chmodSync(temp, 0o777)
after(() => rmSync(temp, { recursive: true, force: true }))

function startDemo(...args: string[]) {
  const env = { ...process.env, TMPDIR: temp, XDG_RUNTIME_DIR: temp }
  const script = join(import.meta.dirname, 'demo.ts')
  const child = spawn(process.execPath, [script, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (said.stdout += chunk))
  child.stderr.on('data', (chunk) => (said.stderr += chunk))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { said, ended, kill: (signal: NodeJS.Signals) => child.kill(signal) }
}

/** Databases, scratch files and logs; the directory of the agents' sockets may stay, empty. */
const leftBehind = () => readdirSync(temp).filter((name) => /^loopscope-(demo|postgres|shop)/.test(name))

async function waitFor(ready: () => unknown): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!ready()) {
    assert.ok(performance.now() < deadline, 'waited for 20 s')
    await sleep(20)
  }
}

test('without a terminal the demo names each culprit with its line and route, ends with 0 and cleans up', async () => {
  const { said, ended } = startDemo('--seconds', '10')
  assert.equal(await ended, 0, said.stderr)
  const troubles = readFileSync(join(import.meta.dirname, 'shop/troubles.js'), 'utf8').split('\n')
  const culprits = [
    ['hashPassword', 'POST /login'],
    ['validateCoupon', 'GET /coupons/:code'],
    ['buildReport', 'GET /admin/:tenant/report'],
    ['readCatalogue', 'GET /admin/:tenant/catalogue'],
    ['convertImage', 'POST /images'],
    ['priceEverything', 'GET /api/prices'],
  ] as const
  for (const [name, route] of culprits) {
    const row = said.stdout.split('\n').findLast((line) => line.includes(` ${name} `) && line.includes(route))
    assert.ok(row, `${name} of ${route} is not in:\n${said.stdout}`)
    const line = Number(/examples\/shop\/troubles\.js:(\d+):\d+/.exec(row)?.[1])
    const start = troubles.findIndex((text) => text.includes(`function ${name}(`)) + 1
    assert.ok(line >= start && line <= start + 12, `${name} starts at ${start}, named is ${line}`)
  }
  assert.match(said.stdout, /pg shop +\S+ \d+\/10/)
  assert.match(said.stdout, /POST \/newsletter \(after response\)/)
  assert.doesNotMatch(said.stdout, /\x1b/)
  assert.deepEqual(leftBehind(), [])
})

test('when the server dies, the demo says so, names the log, ends with 1 and stops the rest', async () => {
  const { said, ended } = startDemo('--fastify', '--seconds', '60')
  await waitFor(() => /loopscope +top (\d+)/.test(said.stderr))
  process.kill(Number(/loopscope +top (\d+)/.exec(said.stderr)![1]), 'SIGKILL')
  assert.equal(await ended, 1)
  assert.match(said.stderr, /server ended unexpectedly \(SIGKILL\)[^]*\| listening on http/)
  const logs = /the logs are in (\S+)/.exec(said.stderr)![1]!
  assert.match(readFileSync(join(logs, 'server.log'), 'utf8'), /listening on/)
  assert.deepEqual(readdirSync(logs).sort(), ['load.log', 'server.log'])
  rmSync(logs, { recursive: true })
  assert.deepEqual(leftBehind(), [])
})

test('a signal while it is still starting ends all that was started, with the exit code of the signal', async () => {
  const interrupt = async (signal: NodeJS.Signals, stage: string) => {
    const { said, ended, kill } = startDemo('--seconds', '60')
    await waitFor(() => said.stderr.includes(stage))
    kill(signal)
    return ended
  }
  const codes = [interrupt('SIGINT', 'postgres'), interrupt('SIGTERM', 'server'), interrupt('SIGHUP', 'load')]
  assert.deepEqual(await Promise.all(codes), [130, 143, 129])
  assert.deepEqual(leftBehind(), [])
})
