/**
 * Where the latency of a request went. Of waits that overlap, the one that ends last is the one that it went on from: the
 * time goes to that one, and none is counted twice.
 */
import type { RouteRow, Wait } from '../protocol/rows.ts'

interface Stretch {
  wait: Wait
  from: number
  to: number
}

/** Stretches that a later wait may still take over; of older ones only the sums are kept. */
const MAX_STRETCHES = 16

/** The waits of one activity, told in the order in which they ended. */
export class CriticalPath {
  /** In order of time, none overlaps another. */
  readonly #stretches: Stretch[] = []
  /** What was told at the end, in no order. */
  #late: Stretch[] | undefined
  #sums: Map<Wait, number> | undefined
  /** What lies before is summed up already. */
  #floor = -Infinity

  add(wait: Wait, from: number, to: number): void {
    const begin = Math.max(from, this.#floor)
    if (!(to > begin)) return
    const stretches = this.#stretches
    for (let last = stretches.at(-1); last && last.to > begin; last = stretches.at(-1)) {
      if (last.from < begin) {
        last.to = begin
        break
      }
      stretches.pop()
    }
    stretches.push({ wait, from: begin, to })
    if (stretches.length > MAX_STRETCHES) this.#sumUp(stretches.shift()!)
  }

  addLate(wait: Wait, from: number, to: number): void {
    const late = (this.#late ??= [])
    if (late.length < MAX_STRETCHES && to > from) late.push({ wait, from, to })
  }

  /** ms by wait of what lies within the activity. */
  within(begun: number, ended: number): ReadonlyMap<Wait, number> {
    this.#takeLate(ended)
    const sums = new Map(this.#sums)
    for (const { wait, from, to } of this.#stretches) {
      const time = Math.min(to, ended) - Math.max(from, begun)
      if (time > 0) sums.set(wait, (sums.get(wait) ?? 0) + time)
    }
    return sums
  }

  /** When a timer was due is known to about a ms: that may be just after the end. */
  #takeLate(ended: number): void {
    if (this.#late === undefined) return
    const all = [...this.#stretches.splice(0), ...this.#late].sort((a, b) => a.to - b.to)
    this.#late = undefined
    for (const { wait, from, to } of all) this.add(wait, from, Math.min(to, ended))
  }

  #sumUp({ wait, from, to }: Stretch): void {
    this.#floor = to
    this.#sums ??= new Map()
    this.#sums.set(wait, (this.#sums.get(wait) ?? 0) + to - from)
  }
}

/** ms of the loop in the same requests: an estimate by samples, and the least that it can be. */
export interface OnLoop {
  likely: number
  surely: number
}

/**
 * The parts of a mean request, which sum to its latency; none is negative. Waits are measured, time on the loop is an estimate:
 * it takes what the waits leave, and of them only what it surely was (code that ran while the same request waited), from each
 * the same share. What no hook tells is `other`.
 */
export function breakdownOf(
  latency: { count: number; sum: number },
  { likely, surely }: OnLoop,
  waits: ReadonlyMap<Wait, number>,
): RouteRow['breakdown'] {
  const count = Math.max(1, latency.count)
  const mean = latency.sum / count
  let waited = 0
  for (const time of waits.values()) waited += time / count
  const left = Math.max(0, mean - waited)
  const parts: RouteRow['breakdown'] = {
    onLoop: Math.max(Math.min(mean, surely / count), Math.min(left, likely / count)),
  }
  const room = mean - parts.onLoop
  const share = waited > room ? room / waited : 1
  for (const [wait, time] of waits) if (time > 0) parts[wait] = (time / count) * share
  return { ...parts, other: (parts.other ?? 0) + Math.max(0, room - waited) }
}
