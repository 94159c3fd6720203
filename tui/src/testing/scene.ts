/** A state as it is after a while of watching the shop of the fixture. */
import type { InstanceSnapshot, Tables } from '@loopscope/collector/protocol'
import { snapshotOf, SNAPSHOT_NOW } from '../../../collector/src/testing/snapshot.ts'
import { reduce } from '../state/reduce.ts'
import { initialState, type State } from '../state/state.ts'
import { UTF8 } from '../text/glyphs.ts'
import type { Look } from '../views/screenful.ts'

export const LOOK: Look = { glyphs: UTF8, cwd: '/srv/shop' }

export function tablesOf(snapshot: InstanceSnapshot): Tables {
  const {
    instances,
    loop,
    blocks,
    hot,
    routes,
    tasks,
    pools,
    background,
    streams,
    culprits,
    blame,
    websockets,
    layers,
  } = snapshot
  return {
    instances,
    loop,
    blocks,
    hot,
    routes,
    tasks,
    pools,
    background,
    streams,
    culprits,
    blame,
    websockets,
    layers,
  }
}

export interface SceneOptions {
  seconds?: number
  /** Changes each snapshot before it arrives. */
  edit?: (snapshot: InstanceSnapshot, second: number) => void
  ids?: string[]
}

export function watched({ seconds = 40, edit = () => {}, ids = ['shop-api-4242-0'] }: SceneOptions = {}): State {
  let state = initialState(SNAPSHOT_NOW - seconds * 1000)
  for (const id of ids) state = reduce(state, { type: 'connected', source: id })
  for (let second = 1; second <= seconds; second++) {
    const now = SNAPSHOT_NOW - (seconds - second) * 1000
    for (const id of ids) {
      const snapshot = snapshotOf(id, now)
      snapshot.loop[0]!.utilization = 0.4 + 0.3 * Math.sin(second / 4)
      snapshot.loop[0]!.delay.p99 = 20 + 60 * Math.abs(Math.sin(second / 5))
      edit(snapshot, second)
      state = reduce(state, {
        type: 'message',
        source: id,
        message: { type: 'snapshot', now, tables: tablesOf(snapshot) },
        receivedAt: now,
      })
    }
  }
  return state
}

/** The loop is free, and nothing of the troubles is there. */
export function calm(snapshot: InstanceSnapshot): void {
  snapshot.instances[0]!.status = 'live'
  snapshot.instances[0]!.cost.dropped = 0
  Object.assign(snapshot.loop[0]!, {
    blockedNow: null,
    utilization: 0.12,
    delay: { p50: 0.2, p90: 1, p99: 2.1, max: 4 },
    longestTurn: 4,
  })
  snapshot.blocks = []
  snapshot.culprits = []
  snapshot.blame = []
  snapshot.websockets = []
  snapshot.pools = snapshot.pools.filter((pool) => pool.kind === 'libuv')
  Object.assign(snapshot.pools[0]!, { used: 1, idle: 3, pending: 0, wait: { p50: 0.1, p99: 0.4, max: 0.9 } })
  delete snapshot.pools[0]!.probeAge
  snapshot.background = []
  snapshot.layers = []
  snapshot.streams = []
}
