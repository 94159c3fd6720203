import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseCallgrind, PerfMap } from './support/callgrind.ts'
import { interleave } from './support/interleave.ts'
import { spread } from './support/statistics.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const script = (name: string): string => fileURLToPath(new URL(`${name}.ts`, import.meta.url))

interface Spread {
  median: number
  low: number
  high: number
}

interface Result {
  bench: string
  node: string
  missed: string[]
  rows: ({ id: string } & Spread & Record<string, Spread>)[]
}

async function run(name: string, ...args: string[]): Promise<{ code: number; out: string; complaint: string }> {
  const child = spawn(process.execPath, [script(name), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let complaint = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
  return { code, out, complaint }
}

async function json<T = Result>(name: string, ...args: string[]): Promise<T> {
  const { code, out, complaint } = await run(name, '--json', ...args)
  assert.equal(code, 0, complaint)
  return JSON.parse(out) as T
}

test('bench:record measures every event, turn, request, lease and capture', async () => {
  const { bench, rows } = await json('record', '--rounds', '3', '--scale', '0.05')
  assert.equal(bench, 'record')
  const found = new Map(rows.map((row) => [row.id, row]))
  for (const id of [
    'event',
    'turn',
    'request',
    'request.program',
    'worker.event.busy',
    'lease',
    'capture',
    'memory.worker',
  ]) {
    const row = found.get(id)
    assert.ok(row, `no ${id} among ${[...found.keys()].join(', ')}`)
    assert.ok(row.low <= row.median && row.median <= row.high, id)
  }
  const event = found.get('event')!.median
  assert.ok(event > 5 && event < 20_000, `an event takes ${event} ns`)
  const capture = found.get('capture')!.median
  assert.ok(capture > 5 && capture < 20_000, `a capture takes ${capture} us`)
  const memory = found.get('memory.program')!.median
  assert.ok(memory > 20 && memory < 2000, `an activity takes ${memory} bytes`)
})

test('bench:overhead compares a server with the agent and without, beside the noise', async () => {
  const args = ['--only', 'bare', '--rounds', '1', '--seconds', '0.1', '--warm-up', '0.1']
  const { rows } = await json('overhead', ...args)
  assert.equal(rows.length, 1)
  const { none, agent, ratio, noise, throughput } = rows[0]!
  assert.ok(none!.median > 1 && none!.median < 10_000, `${none!.median} us a request`)
  assert.ok(Math.abs(ratio!.median - agent!.median / none!.median) < 0.001)
  assert.ok(noise!.median > 0 && throughput!.median > 0)
})

test('bench:footprint measures start-up, memory and idle CPU, and that idle programs exit', async () => {
  const args = ['--rounds', '2', '--idle-rounds', '1', '--settle-seconds', '0.2', '--idle-seconds', '0.3']
  const result = await json<Result & { exitsByItself: boolean }>('footprint', ...args)
  assert.deepEqual(
    result.rows.map(({ id }) => id),
    ['start', 'start.first-line', 'memory', 'idle'],
  )
  for (const { id, none, agent } of result.rows) assert.ok(agent!.median > 0 && none!.median > 0, id)
  const memory = result.rows.find(({ id }) => id === 'memory')!
  assert.ok(memory.more!.median > 1, 'a worker takes no memory?')
  assert.equal(result.exitsByItself, true)
})

test('bench:leak leaves no activity behind', async () => {
  interface Leak {
    readings: { requests: number; activities: number; inFlight: number; background: number; heap: number }[]
    odd: number
    kinds: string[]
  }
  const args = ['--requests', '3000', '--parts', '2', '--odd', '10', '--settle-seconds', '1', '--worker-mb', '1000']
  const { readings, odd, kinds } = await json<Leak>('leak', ...args)
  assert.ok(odd >= kinds.length, `${odd} odd clients of ${kinds.length} kinds`)
  const { requests, heap, ...left } = readings.at(-1)!
  assert.equal(requests, 3000)
  assert.ok(heap > 1, `${heap} MB`)
  const { activities, inFlight, background } = left
  assert.deepEqual({ activities, inFlight, background }, { activities: 0, inFlight: 0, background: 0 })
})

const hasValgrind = spawnSync('valgrind', ['--version']).status === 0
const skip = hasValgrind ? false : 'valgrind is not installed'

test('bench:instructions finds the functions of the agent', { skip }, async () => {
  interface Counted {
    rows: { none: number; agent: number; own: number; ownAndCalled: number; parts: { function: string }[] }[]
  }
  const { rows } = await json<Counted>('instructions', '--only', 'bare', '--warm-up', '100', '--requests', '10')
  const { none, agent, own, ownAndCalled, parts } = rows[0]!
  assert.ok(none > 10_000 && agent > none / 2, `${none} and ${agent} instructions a request`)
  assert.ok(
    own > 0 && own < agent && ownAndCalled < agent,
    `${own} of them, ${ownAndCalled} with calls, are the agent's`,
  )
  assert.ok(parts.length > 0)
})

test('without valgrind, bench:instructions says how to get it', () => {
  const env = { ...process.env, PATH: '/nonexistent' }
  const { status, stderr } = spawnSync(process.execPath, [script('instructions')], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  })
  assert.equal(status, 3)
  assert.match(stderr, /valgrind is not there\. On Debian: `apt-get install valgrind`/)
})

test('every benchmark explains itself, and a wrong option is one clear line', async () => {
  for (const name of ['record', 'overhead', 'instructions', 'footprint', 'safety']) {
    const { code, out } = await run(name, '--help')
    assert.equal(code, 0)
    assert.match(out, new RegExp(`Usage: npm run bench:${name} -- \\[options\\][^]*--json[^]*Examples:`))
  }
  const { code, complaint } = await run('record', '--rounds', 'many')
  assert.equal(code, 2)
  assert.equal(complaint, 'record: --rounds many is not a whole number of 1 or more\nTry --help.\n')
})

test(
  'Ctrl-C ends a benchmark and all that it started',
  { skip: process.platform !== 'linux' && 'reads /proc' },
  async () => {
    const child = spawn(process.execPath, [script('overhead'), '--only', 'bare'], { cwd: ROOT, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
    const childrenOf = (pid: number): string[] => {
      const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      return stdout.split(/\s+/).filter((text) => text !== '' && text !== String(pid))
    }
    let running: string[] = []
    for (let i = 0; i < 200 && running.length < 2; i++) {
      await sleep(25)
      running = childrenOf(child.pid!)
    }
    assert.ok(running.length >= 2, 'a server and a load')
    child.kill('SIGINT')
    assert.equal(await ended, 130)
    const isAlive = (pid: string): boolean => spawnSync('kill', ['-0', pid]).status === 0
    for (let i = 0; i < 100 && running.some(isAlive); i++) await sleep(25)
    assert.deepEqual(running.filter(isAlive), [])
  },
)
test('arms take turns, and each of them is first now and then', async () => {
  const order: string[] = []
  const results = await interleave(3, { a: () => order.push('a'), b: () => order.push('b') })
  assert.equal(order.join(''), 'abbaab')
  assert.deepEqual(results, { a: [1, 4, 5], b: [2, 3, 6] })
})

test('a spread is the median and the quartiles', () => {
  assert.deepEqual(spread([5, 1, 2, 4, 3]), { median: 3, low: 2, high: 4, rounds: 5 })
  assert.throws(() => spread([]), /no rounds/)
})

test('a callgrind dump is read with its relative addresses, calls apart', () => {
  const text = [
    'positions: instr line',
    'events: Ir',
    'fn=(1) a',
    '0x1000 0 3',
    '+4 +1 2',
    'calls=7 0x2000 0',
    '* * 90',
    '-4 0 5',
    'totals: 100',
  ]
  const { total, self, calls } = parseCallgrind(text.join('\n'))
  assert.equal(total, 100)
  assert.deepEqual(
    [...self],
    [
      [0x1000, 8],
      [0x1004, 2],
    ],
  )
  assert.deepEqual(calls, [{ from: 0x1004, to: 0x2000, cost: 90 }])
})

test('a perf map names the function at an address, the latest where memory was used again', () => {
  const map = new PerfMap(
    "1000 20 JS:~old file:///srv/a.js:1:2\n1000 20 JS:*'tick file:///srv/b.js:22:18\n2000 10 Builtin:Call\n",
  )
  assert.deepEqual(map.find(0x1010), { name: 'tick', file: 'file:///srv/b.js', line: 22 })
  assert.equal(map.find(0x1020), undefined)
  assert.equal(map.find(0x2001), undefined)
})
