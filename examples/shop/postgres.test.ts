import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** In a temp directory of its own, so that whatever is left behind is seen. */
const temp = mkdtempSync(join(tmpdir(), 'loopscope-test-'))
// As the system's own: the unprivileged user that PostgreSQL runs as makes and removes its directory there.
chmodSync(temp, 0o777)
after(() => rmSync(temp, { recursive: true, force: true }))

async function start(): Promise<{ url: string; kill(signal: NodeJS.Signals): Promise<unknown> }> {
  const script = join(import.meta.dirname, '..', 'postgres.js')
  const env = { ...process.env, TMPDIR: temp }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  while (!output.includes('\n')) await Promise.race([sleep(10), exited.then((code) => assert.fail(`ended: ${code}`))])
  const kill = (signal: NodeJS.Signals) => (child.kill(signal), exited)
  return { url: output.replace('DATABASE_URL=', '').trim(), kill }
}

async function version(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ version: string }>('select version()')
    return rows[0]!.version
  } finally {
    await client.end()
  }
}

test('a real PostgreSQL answers, and its end leaves nothing behind', async () => {
  const { url, kill } = await start()
  assert.match(await version(url), /^PostgreSQL 1\d/)
  assert.equal(readdirSync(temp).length, 1)
  assert.equal(await kill('SIGTERM'), 0)
  assert.deepEqual(readdirSync(temp), [])
  await assert.rejects(version(url), /ECONNREFUSED/)
})

test('nothing is left behind either when its owner is killed with SIGKILL', async () => {
  const { url, kill } = await start()
  const [home] = readdirSync(temp)
  assert.match(await version(url), /^PostgreSQL/)
  assert.equal(await kill('SIGKILL'), 'SIGKILL')
  for (let i = 0; i < 500 && existsSync(join(temp, home!)); i++) await sleep(10)
  assert.deepEqual(readdirSync(temp), [])
  await assert.rejects(version(url), /ECONNREFUSED/)
})
