/** A source without a screen: its state as it comes in, for the commands that print. */
import { UserError } from '../errors.ts'
import type { Source } from '../source/open.ts'
import { reduce } from '../state/reduce.ts'
import { initialState, type State } from '../state/state.ts'

export interface Followed {
  state: () => State
  /** All sources have spoken or can not. Fails when none of them can. */
  first: Promise<void>
  stop: () => void
}

export function follow(source: Source, now: () => number, timeoutMs: number): Followed {
  let state = initialState(now(), source.instance ?? null)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let failure: UserError | undefined
  const timer = setTimeout(() => check(true), timeoutMs)
  const check = (late: boolean) => {
    const sources = Object.values(state.sources)
    const spoken = sources.filter((one) => one.receivedAt > 0).length
    const undecided = sources.some((one) => one.receivedAt === 0 && one.status === 'connecting')
    if (!late && (sources.length === 0 || undecided)) return
    if (spoken > 0) return resolve()
    const reason = sources.find((one) => one.reason !== undefined)?.reason
    reject(
      failure ??
        new UserError(
          reason ?? `no figures came within ${timeoutMs / 1000}s`,
          'is the program running with: node --import @loopscope/agent ?',
        ),
    )
  }
  promise.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  )
  source.start((event) => {
    state = reduce({ ...state, clock: now() }, event)
    if (event.type === 'failed') failure ??= event.error
    check(false)
  })
  return {
    state: () => ({ ...state, clock: now() }),
    first: promise,
    stop: () => {
      clearTimeout(timer)
      source.stop()
    },
  }
}
