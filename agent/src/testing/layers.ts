/** What the tests of layers share: the rows that the model makes of the requests so far. */
import assert from 'node:assert/strict'
import type { LayerRow } from '@loopscope/collector/protocol'
import { now } from '../program/clock.ts'
import { modelOf, type TestModel } from './model.ts'
import type { Observed } from './observe.ts'

export class LayerStory {
  readonly #test: TestModel

  constructor(observed: Pick<Observed, 'recorder'>) {
    this.#test = modelOf(observed)
  }

  async quiet(): Promise<void> {
    await this.#test.quiet()
  }

  /** In the order in which a request passes them. */
  of(route: string): LayerRow[] {
    return this.#test.model.layers
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

/** Its times are at least these; above them there is what a loaded machine adds. To the ms it is tested in program/layers.test.ts. */
export function took({ name, onLoop, wait, calls }: LayerRow, onLoopMs: number, waitMs: number, times = 1): void {
  const said = `${name} was on the loop for ${onLoop.mean} ms and waited ${wait.mean} ms`
  assert.equal(calls, times)
  assert.ok(onLoop.mean >= onLoopMs - 0.1 && onLoop.mean < onLoopMs + 400, said)
  assert.ok(wait.mean >= waitMs - 2 && wait.mean < waitMs + 400, said)
  if (waitMs === 0) assert.equal(wait.mean, 0, said)
}
