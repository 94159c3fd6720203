/**
 * Who holds the loop, all the time: the sampler's captures of the last 15 minutes. A sample stands for a part of the loop's
 * exact busy time: that of the span in which it fell, shared out among the samples of the span. So shares stay right when the
 * rate of the sampler changes, and add up to ms that were measured.
 *
 * Memory: 16 bytes a sample and 24 a node of the tree of stacks; 15 minutes at full rate, 18,000 samples, take 0.3 MB.
 */
import type { Frame } from '../protocol/rows.ts'
import { SampleQueue } from './sample-queue.ts'
import { StackTrie } from './stack-trie.ts'

const KEEP_MS = 15 * 60_000
/** 20 a second for 15 minutes, and a little for chance. */
const MAX_SAMPLES = 19_000
/** Stacks that share next to nothing (deep recursions) must not cost more than 2 MB: the oldest go first. */
const MAX_NODES = 65_536
/** A span is closed when it is this long and holds so many samples: of fewer each would stand for a time that chance rules. */
const SPAN_MS = 1000
const SPAN_SAMPLES = 10
/** A loop that does next to nothing is sampled so rarely that its spans end by time. */
const LONGEST_SPAN_MS = 60_000
const MAX_ROUTES = 32_768

/** Samples follow each other in the queue as their spans do. */
interface Span {
  from: number
  until: number
  busy: number
  samples: number
}

/** The samples with the same stack, in requests of the same route. */
export interface HotStack {
  /** Innermost first. */
  frames: Frame[]
  route: string | null
  samples: number
  /** ms of the loop that they stand for. */
  time: number
}

export interface HotWindow {
  /** On the agent's clock. */
  since: number
  until: number
  /** ms that all samples stand for. */
  busy: number
  samples: number
  /** So many samples of equal weight would say as much. */
  effective: number
  stacks: HotStack[]
  /** Every sample in the order of time: when, its place in `stacks`, the ms that it stands for. */
  timeline: { at: number[]; stack: number[]; time: number[] }
}

export class HotModel {
  readonly #queue = new SampleQueue(MAX_SAMPLES)
  readonly #trie = new StackTrie()
  readonly #spans: Span[] = []
  readonly #routes: (string | null)[] = [null]
  readonly #routeNumbers = new Map<string | null, number>([[null, 0]])
  /** The newest samples, that no reading of the busy time covers yet. */
  #unread = 0
  /** Busy time in which no sample fell, until one does. */
  #unspread = 0
  /** How long the turn that still runs has held the loop. */
  #open = 0
  /** ms of the loop by route, since the start. */
  readonly onLoopTotals = new Map<string, number>()

  /** Frames come innermost first; none: the loop was idle by the time the sample was taken. */
  add(at: number, route: string | null, stack: readonly Frame[]): void {
    if (stack.length === 0) return
    this.#forget(at)
    if (this.#queue.isFull) this.#shift()
    this.#queue.push(at, this.#trie.keep(stack), this.#routeNumber(route))
    this.#unread++
    while (this.#trie.size > MAX_NODES && this.#queue.length > 1) this.#shift()
  }

  /** The loop was busy for `busy` ms more, up to `until`, the end of a turn; the turn that runs since then has lasted `open` ms. */
  read(until: number, busy: number, open = 0): void {
    this.#open = open
    const covered = this.#queue.firstSince(until) - (this.#queue.length - this.#unread)
    if (covered <= 0 && busy <= 0) return
    let span = this.#spans.at(-1)
    if (!span || isComplete(span)) {
      const begin = Math.min(until - busy, covered > 0 ? this.#queue.at(0) : until)
      this.#spans.push((span = { from: span?.until ?? begin, until, busy: 0, samples: 0 }))
    }
    span.until = until
    span.busy += busy
    this.#unspread += busy
    if (covered <= 0) return
    const first = this.#queue.length - this.#unread
    for (let i = first; i < first + covered; i++) this.#spread(this.#queue.route(i), this.#unspread / covered)
    this.#unspread = 0
    span.samples += covered
    this.#unread -= covered
    this.#forget(until)
  }

  /** What the samples since then say. Those that no reading covers are left for the next, but for those of a turn that lasts. */
  window(since: number): HotWindow {
    const queue = this.#queue
    const first = queue.firstSince(since)
    const sums = new Map<number, number>()
    const stacks: HotStack[] = []
    const timeline: HotWindow['timeline'] = { at: [], stack: [], time: [] }
    let busy = 0
    let squares = 0
    const take = (index: number, time: number): void => {
      const key = queue.stack(index) * MAX_ROUTES + queue.route(index)
      let place = sums.get(key)
      if (place === undefined) {
        sums.set(key, (place = stacks.length))
        const route = this.#routes[queue.route(index)]!
        stacks.push({ frames: this.#trie.frames(queue.stack(index)), route, samples: 0, time: 0 })
      }
      stacks[place]!.samples++
      stacks[place]!.time += time
      busy += time
      squares += time * time
      timeline.at.push(queue.at(index))
      timeline.stack.push(place)
      timeline.time.push(time)
    }
    let index = 0
    for (const span of this.#spans) {
      const end = index + span.samples
      for (index = Math.max(index, first); index < end; index++) take(index, span.busy / span.samples)
      index = end
    }
    if (this.#open > 0) {
      const each = this.#open / this.#unread
      for (index = Math.max(index, first); index < queue.length; index++) take(index, each)
    }
    const samples = timeline.at.length
    const until = (this.#spans.at(-1)?.until ?? 0) + this.#open
    return {
      since: Math.max(since, this.#spans[0]?.from ?? until),
      until,
      busy,
      samples,
      effective: squares > 0 ? (busy * busy) / squares : samples,
      stacks,
      timeline,
    }
  }

  /** What all samples and their stacks take. */
  get bytes(): number {
    return this.#queue.bytes + this.#trie.bytes
  }

  #spread(route: number, ms: number): void {
    const name = this.#routes[route]!
    if (name !== null) this.onLoopTotals.set(name, (this.onLoopTotals.get(name) ?? 0) + ms)
  }

  #forget(now: number): void {
    while (this.#queue.length > 0 && this.#queue.at(0) < now - KEEP_MS) this.#shift()
    while (this.#spans.length > 1 && this.#spans[0]!.samples === 0 && this.#spans[0]!.until < now - KEEP_MS)
      this.#spans.shift()
  }

  #shift(): void {
    this.#trie.release(this.#queue.stack(0))
    this.#queue.shift()
    const span = this.#spans.find((one) => one.samples > 0)
    if (!span) {
      this.#unread--
      return
    }
    span.busy -= span.busy / span.samples
    span.samples--
  }

  /** Routes are templates, so they are bounded; beyond that they are one. */
  #routeNumber(route: string | null): number {
    let number = this.#routeNumbers.get(route)
    if (number === undefined) {
      if (this.#routes.length === MAX_ROUTES) return 0
      number = this.#routes.push(route) - 1
      this.#routeNumbers.set(route, number)
    }
    return number
  }
}

function isComplete({ from, until, samples }: Span): boolean {
  const length = until - from
  return length >= SPAN_MS && (samples >= SPAN_SAMPLES || (samples > 0 && length >= LONGEST_SPAN_MS))
}
