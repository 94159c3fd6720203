/** What was sampled, of a real program: as rows of a window, as stacks and as files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HotRow, StacksRow } from '@loopscope/collector/protocol'
import { start } from './support/program.ts'

/** So many that chance turns the order of three quarters and one once in ten thousand times. */
const SAMPLES = 50

test('the samples of a window are rows, stacks and files of three formats', async (t) => {
  const running = start(t, 'hot.js')
  const items = async <T>(path: string): Promise<T[]> => {
    const { status, body } = await running.ask(path)
    assert.equal(status, 200, body)
    return (JSON.parse(body) as { items: T[] }).items
  }
  const rows = await running.until(
    `${SAMPLES} samples`,
    async () => {
      const rows = await items<HotRow>('/api/v1/hot?last=900&by=function')
      return rows.reduce((sum, row) => sum + row.samples, 0) >= SAMPLES ? rows : undefined
    },
    60_000,
  )
  assert.equal(rows[0]!.function, 'heavy')
  assert.ok(!('line' in rows[0]!))
  assert.deepEqual(await items(`/api/v1/hot?since=${Date.now() + 60_000}`), [])

  const [stacks] = await items<StacksRow>('/api/v1/stacks?last=900')
  const heavy = stacks!.stacks.find((stack) =>
    stack.frames.some((place) => stacks!.frames[place]!.function === 'heavy'),
  )!
  const names = heavy.frames.map((place) => stacks!.frames[place]!.function)
  assert.ok(names.indexOf('listOnTimeout') < names.indexOf('heavy'), `outermost first: ${names.join(' > ')}`)
  const sum = stacks!.stacks.reduce((total, stack) => total + stack.time, 0)
  assert.ok(Math.abs(sum - stacks!.busy) < 1e-6)
  const wall = stacks!.until - stacks!.since
  assert.ok(stacks!.busy > 0 && stacks!.busy <= wall + 1, `${stacks!.busy} ms busy in ${wall} ms`)

  for (const [format, ending] of [
    ['speedscope', 'speedscope.json'],
    ['cpuprofile', 'cpuprofile'],
    ['pprof', 'pb.gz'],
  ]) {
    const { status, headers, body } = await running.ask(`/api/v1/profile?last=900&format=${format}`)
    assert.equal(status, 200, body)
    assert.ok(String(headers['content-disposition']).endsWith(`-900s.${ending}"`))
    assert.ok(Number(headers['x-loopscope-samples']) >= SAMPLES)
    if (format !== 'pprof') assert.match(body, /"heavy"/)
  }
})
