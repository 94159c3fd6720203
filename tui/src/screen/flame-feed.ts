/** Fetches the stacks that the flame graph is drawn from while it is on screen: they are not part of the stream. */
import type { StacksRow } from '@loopscope/collector/protocol'
import { UserError } from '../errors.ts'
import type { Source } from '../source/open.ts'
import type { FlameEvent } from '../state/flame.ts'
import type { State } from '../state/state.ts'

const EVERY_MS = 2000

export interface FlameFeedOptions {
  source: Pick<Source, 'fetchTable'>
  now: () => number
  send: (event: FlameEvent) => void
}

/** To be called with every state: asks when the graph is opened, when its window changes, and then every two seconds. */
export function createFlameFeed({ source, now, send }: FlameFeedOptions): (state: State) => void {
  let asked: { query: string; at: number } | undefined

  const ask = async (last: number, instance: string | null): Promise<void> => {
    try {
      const query = { last: String(last), ...(instance === null ? {} : { instance }) }
      const { items, elsewhere = [] } = await source.fetchTable('stacks', query)
      send({ type: 'stacks', last, items: items as StacksRow[], elsewhere })
    } catch (error) {
      const problem = error instanceof UserError ? `${error.message}: ${error.remedy}` : String(error)
      send({ type: 'stacks-failed', last, problem })
    }
  }

  return ({ view, flame, frozen, instance }) => {
    if (view !== 'hot' || flame === null) {
      asked = undefined
      return
    }
    const query = `${flame.last} ${instance ?? ''}`
    const isNew = asked?.query !== query || flame.stacks === undefined
    const isOld = asked === undefined || now() - asked.at >= EVERY_MS || now() < asked.at
    if (asked?.query === query && !isOld) return
    if (!isNew && frozen !== null) return
    asked = { query, at: now() }
    void ask(flame.last, instance)
  }
}
