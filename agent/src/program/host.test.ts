import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerStart } from '../worker/messages.ts'
import { startWorker, type Host } from './host.ts'

const DYING = new URL('../../test/programs/dying-worker.js', import.meta.url)

/** What the worker is told: how it dies. */
function begin(
  death: string,
  restartMs: number[],
  file = DYING,
): { host: Host; lines: string[]; over: () => Promise<void> } {
  const lines: string[] = []
  // The agent does not keep a process alive; a test has to wait.
  const alive = setInterval(() => {}, 1000)
  const host = startWorker(
    file,
    { death } as unknown as WorkerStart,
    (level, _, message) => lines.push(`${level}: ${message}`),
    restartMs,
  )
  return {
    host,
    lines,
    async over() {
      for (let i = 0; i < 400 && !lines.some((line) => line.includes('died again')); i++) await sleep(25)
      clearInterval(alive)
    },
  }
}

suite("the agent's worker", () => {
  for (const [death, reason] of [
    ['throw', 'planted\nin two lines'],
    ['exit', 'exit code 7'],
  ]) {
    test(`is started again when it dies, as often as it may, and says so each time: ${death}`, async () => {
      const { lines, over } = begin(death!, [10, 20, 30])
      await over()
      assert.deepEqual(lines, [
        `warn: the agent's worker died (${reason}); starting it again`,
        `warn: the agent's worker died (${reason}); starting it again`,
        `warn: the agent's worker died (${reason}); starting it again`,
        `error: the agent's worker died again (${reason}); the program runs on without it`,
      ])
    })
  }

  test('that takes too much memory dies alone', async () => {
    const { lines, over } = begin('memory', [])
    await over()
    assert.match(lines[0]!, /^error: the agent's worker died again \(.*memory.*\); the program runs on without it$/)
  })

  test('whose file is not there is one line for each try, and nothing is thrown', async () => {
    const { lines, over } = begin('', [10], new URL('./no-such-file.js', import.meta.url))
    await over()
    assert.equal(lines.length, 2)
    assert.match(lines[0]!, /Cannot find module/)
  })

  test('gives the metrics, and an empty text when it has died', async () => {
    const { host, over } = begin('exit', [])
    assert.equal(await host.metrics(), 'planted')
    await over()
    assert.equal(await host.metrics(), '')
  })
})
