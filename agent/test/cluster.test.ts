/** The workers of a cluster show up in their primary, without a port of their own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { get } from './support/http.ts'
import { start } from './support/program.ts'

test('two workers join their primary, and one that is killed is shown as exited', async (t) => {
  const running = start(t, 'cluster.js', { environment: { LOOPSCOPE_LISTEN: '127.0.0.1:0', LOOPSCOPE_LOG: 'info' } })
  const workers = await running.until('two workers', () => {
    const found = [...running.stdout.matchAll(/^worker (\d+) port (\d+)$/gm)]
    return found.length === 2 ? found.map(([, pid, port]) => ({ pid: Number(pid), port: Number(port) })) : undefined
  })
  const pids = [running.pid, ...workers.map(({ pid }) => pid)].sort((a, b) => a - b)
  await running.until('all three in the API of the primary', async () => {
    const rows = await running.table('instances')
    const live = rows.filter((row) => row.status !== 'exited').map((row) => row.pid)
    return live.sort((a, b) => a - b).join() === pids.join() ? rows : undefined
  })

  // Each worker's own requests come from that worker.
  for (const { port } of workers) assert.equal((await get(port, '/')).status, 200)
  await running.until('the requests of the workers', async () => {
    const seen = new Set((await running.table('routes')).map((row) => row.instance))
    return seen.size > 0 ? seen : undefined
  })

  running.child.stdin!.write('kill\n')
  const rows = await running.until('one that has exited', async () => {
    const rows = await running.table('instances')
    return rows.some((row) => row.status === 'exited') ? rows : undefined
  })
  const exited = rows.filter((row) => row.status === 'exited').map((row) => row.pid)
  assert.deepEqual(exited.length, 1)
  assert.ok(workers.some(({ pid }) => pid === exited[0]))
  assert.notEqual(rows.find((row) => row.pid === running.pid)?.status, 'exited')
  // One listens: the primary.
  assert.equal(running.stderr.match(/listening on/g)?.length, 1, running.stderr)
})
