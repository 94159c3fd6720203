/** Threads that the program starts are observed beside its main one; the agent's own is not among them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { run, start, type Running } from './support/program.ts'

/** Threads of the process that the agent made. */
function agentThreads({ pid }: Running): number {
  const names = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8'))
  return names.filter((name) => name.trim() === 'loopscope').length
}

test('worker threads, nested ones too, are instances with turns and blocks of their own', async (t) => {
  const running = start(t, 'threads.js')
  const rows = await running.until('four instances', async () => {
    const rows = await running.table('instances')
    return rows.length === 4 ? rows : undefined
  })
  assert.deepEqual(
    rows.map((row) => row.pid),
    Array(4).fill(running.pid),
  )
  assert.equal(new Set(rows.map((row) => row.id)).size, 4)
  assert.equal(rows.filter((row) => row.thread === 'main').length, 1)
  await running.until('blocks in all three workers', async () => {
    const threads = new Set((await running.table('blocks')).filter((row) => !row.open).map((row) => row.thread))
    threads.delete('main')
    return threads.size === 3 ? threads : undefined
  })
  // Each holds its loop for 60 of every 360 ms, once its own start is over.
  await running.until('their own loops', async () => {
    const loops = (await running.table('loop')).filter((row) => row.thread !== 'main')
    const isRight = loops.map(
      ({ turnsPerSecond, utilization, longestTurn }) =>
        turnsPerSecond > 0.5 && utilization > 0.05 && utilization < 0.9 && longestTurn >= 59,
    )
    if (isRight.length === 3 && !isRight.includes(false)) return loops
    throw new Error(JSON.stringify(loops))
  })
  if (process.platform === 'linux')
    assert.equal(agentThreads(running), 1, 'one worker of the agent, whatever the program starts')

  running.child.stdin!.end()
  const { code, stderr } = await running.ended
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

test('many short workers leave nothing behind, and their exits are seen', async (t) => {
  const running = start(t, 'short-threads.js')
  const [, count] = await running.printed(/^over (\d+)$/m)
  const rows = await running.until('the end of all of them', async () => {
    const rows = await running.table('instances')
    const live = rows.filter((row) => row.status !== 'exited')
    return live.length === 1 ? rows : undefined
  })
  t.diagnostic(`${rows.length - 1} of ${count} short workers were seen`)
  // The agent's worker needs a moment to start; whoever has come and gone by then is not known.
  assert.ok(rows.length > 4, 'those that came later are known')
  assert.equal(rows.find((row) => row.status !== 'exited')!.thread, 'main')
  if (process.platform === 'linux') assert.equal(agentThreads(running), 1)
  running.child.stdin!.end()
  const { code, stderr } = await running.ended
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

test('a program of short workers alone ends as it does without the agent', async (t) => {
  const bare = await run(t, 'short-threads.js', { node: [] })
  const observed = await run(t, 'short-threads.js')
  assert.deepEqual(observed, bare)
})

test('where the kernel says nothing, idle threads are not taken for blocked, and the program ends by itself', async (t) => {
  const running = start(t, 'short-threads.js', { environment: { LOOPSCOPE_DISABLE: 'kernel' } })
  await running.printed(/^over \d+$/m)
  await running.ready()
  const statuses = (await running.table('instances')).map((row) => row.status)
  assert.ok(!statuses.includes('blocked'), statuses.join())
  running.child.stdin!.end()
  const { code, signal, stderr } = await running.ended
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' })
})
