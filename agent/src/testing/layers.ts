/** What the tests of layers share: the rows that the model makes of the requests so far. */
import assert from 'node:assert/strict'
import { InstanceModel } from '@loopscope/collector'
import type { LayerRow } from '@loopscope/collector/protocol'
import { now } from '../program/clock.ts'
import { Reader } from '../worker/reader.ts'
import { until, type Observed } from './observe.ts'

export class LayerStory {
  readonly #reader: Reader
  readonly #model: InstanceModel

  constructor({ recorder }: Pick<Observed, 'recorder'>) {
    this.#reader = new Reader(recorder.channel)
    this.#model = new InstanceModel(
      {
        id: '1',
        service: 'test',
        pid: 1,
        host: 'test',
        thread: 'main',
        node: process.versions.node,
        agent: '0',
        cwd: process.cwd(),
        agentFile: '/agent.js',
        epoch: 0,
        startedAt: 0,
        thresholdMs: 50,
      },
      this.#reader.name,
    )
  }

  /** Nobody else may read the channel. */
  async quiet(): Promise<void> {
    await until('the end of the request', () => {
      this.#reader.drain((kind, id, time, a, b) => this.#model.apply(kind, id, time, a, b))
      return this.#model.activities.live.size === 0
    })
  }

  /** In the order in which a request passes them. */
  of(route: string): LayerRow[] {
    return this.#model.layers
      .rows(now(), '1')
      .filter((row) => row.route === route)
      .sort((a, b) => a.position - b.position)
  }
}

export function burn(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

export function shapeOf({ kind, name, async }: LayerRow): string {
  return `${kind} ${name} ${async === 0 ? 'sync' : 'async'}`
}

/** Its times are at least these; above them there is what a loaded machine adds. */
export function took({ name, onLoop, wait, calls }: LayerRow, onLoopMs: number, waitMs: number, times = 1): void {
  const said = `${name} was on the loop for ${onLoop.mean} ms and waited ${wait.mean} ms`
  assert.equal(calls, times)
  assert.ok(onLoop.mean >= onLoopMs - 0.1 && onLoop.mean < onLoopMs + 40, said)
  assert.ok(wait.mean >= waitMs - 2 && wait.mean < waitMs + 60, said)
  if (waitMs === 0) assert.equal(wait.mean, 0, said)
}
