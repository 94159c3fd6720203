/** What goes on after a response, as the agent shows it: while a block lasts, and while the program is idle. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { BackgroundRow, PoolRow } from '@loopscope/collector/protocol'
import { get, portOf } from './support/http.ts'
import { run, start, type Running } from './support/program.ts'

async function started(t: TestContext): Promise<{ running: Running; ask: (path: string) => Promise<unknown> }> {
  // On Node 22, who runs when a rejection turns out to be unhandled is known by a carried context alone.
  const running = start(t, 'background-work.js', { environment: { LOOPSCOPE_CONTEXT: 'on' } })
  const port = await portOf(running)
  await running.ready()
  return { running, ask: (path) => get(port, path) }
}

const only = <T>(rows: T[], is: (row: T) => boolean): T | undefined => rows.find(is)

suite('a thousand tasks in a queue, four at once', () => {
  for (const [system, line] of [
    ['p-queue', 16],
    ['p-limit', 17],
    ['fastq', 18],
  ] as const) {
    test(`of ${system}: used, waiting and holders are right while a block lasts, and at the end`, async (t) => {
      const { running, ask } = await started(t)
      const route = `GET /queue/${system} (after response)`
      const answer = ask(`/queue/${system}`)
      const pool = await running.until('the queue in the block', async () => {
        const [pools, blocks] = await Promise.all([running.table('pools'), running.table('blocks')])
        const isHeld = blocks.some((row) => row.open && row.route === route && row.duration > 300)
        return isHeld ? only(pools, (row) => row.system === system) : undefined
      })
      assert.deepEqual(
        [pool.kind, pool.name, pool.limit, pool.used, pool.pending],
        ['queue', `agent/test/programs/background-work.js:${line}`, 4, 4, 996],
      )
      assert.deepEqual(
        pool.holders.map((holder) => holder.route),
        Array<string>(4).fill(route),
      )
      const waiting = (await running.table('tasks')).filter((row) => row.waitingOn !== null)
      assert.deepEqual(
        waiting.map(({ name, waitingOn }) => [name, waitingOn!.kind, waitingOn!.name]),
        [[route, 'queue', `${system} ${pool.name}`]],
      )
      await answer
      const background = await running.until('the work that goes on', async () =>
        only(await running.table('background'), (row: BackgroundRow) => row.name === route && row.running === 1),
      )
      assert.match(background.site!, /agent\/test\/programs\/background-work\.js:\d+$/)
      await ask('/open')
      const over = await running.until('the end', async () =>
        only(
          await running.table('pools'),
          (row: PoolRow) => row.system === system && row.used === 0 && row.pending === 0,
        ),
      )
      assert.ok(over.wait.max > 1000, `waited ${over.wait.max} ms`)
      await running.until('the end of the work', async () =>
        only(await running.table('background'), (row) => row.name === route && row.running === 0),
      )
    })
  }
})

suite('in a program that is idle afterwards', () => {
  for (const path of ['/timer', '/sleeps']) {
    test(`work of ${path} is over when it is over`, async (t) => {
      const { running, ask } = await started(t)
      const name = `GET ${path} (after response)`
      const row = async (count: number) =>
        only(await running.table('background'), (each) => each.name === name && each.running === count)
      await ask(path)
      await running.until('the work', () => row(1))
      const over = await running.until('its end', () => row(0), 5000)
      assert.deepEqual([over.started, over.ended], [1, 1])
      assert.ok(over.duration!.max > 150 && over.duration!.max < 4000, `${over.duration!.max} ms`)
    })
  }
})

suite('failures that nobody handled', () => {
  test('are counted by the task, or the route, in which they happened', async (t) => {
    const { running, ask } = await started(t)
    for (const path of ['/task', '/floating', '/handled', '/task']) await ask(path)
    const rows = await running.until('the failures', async () => {
      const found = await running.table('background')
      return found.reduce((sum, row) => sum + row.unhandled!, 0) === 3 ? found : undefined
    })
    const count = (name: string): number | undefined => only(rows, (row) => row.name === name)?.unhandled
    assert.equal(count('newsletter'), 2)
    assert.equal(count('GET /floating (after response)'), 1)
    assert.equal(count('handled'), 0)
    const { body } = await running.ask('/metrics')
    assert.match(body, /^loopscope_task_unhandled_total\{.*loopscope_task_name="newsletter".*\} 2$/m)
  })

  test('end a process as they do without the agent', async (t) => {
    const withAgent = await run(t, 'unhandled.js')
    const without = await run(t, 'unhandled.js', { node: [] })
    assert.deepEqual(withAgent, without)
    assert.equal(withAgent.code, 1)
    assert.match(withAgent.stderr, /TypeError: nobody looks/)
  })
})
