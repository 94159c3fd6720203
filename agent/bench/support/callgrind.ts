/**
 * Reads what `callgrind --dump-instr=yes` writes for one thread, together with V8's perf map: callgrind knows the code that
 * V8 makes by its address alone. https://valgrind.org/docs/manual/cl-format.html
 *
 *   0xADDR LINE COST                 cost of an instruction itself
 *   calls=N 0xTARGET LINE            the next line is a call to TARGET ...
 *   0xADDR LINE COST                 ... from ADDR, and COST all that ran until it returned
 */
export interface Profile {
  /** Instructions in all. */
  total: number
  /** Instructions of the code at an address itself. */
  self: Map<number, number>
  calls: Call[]
}

export interface Call {
  from: number
  to: number
  cost: number
}

export function parseCallgrind(text: string): Profile {
  const profile: Profile = { total: 0, self: new Map(), calls: [] }
  let address = 0
  let target: number | undefined
  const place = (field: string, base: number): number =>
    field === '*'
      ? base
      : field.startsWith('0x')
        ? Number(field)
        : base + Number(field.startsWith('+0x') || field.startsWith('-0x') ? field : field)
  for (const line of lines(text)) {
    const first = line.charCodeAt(0)
    if (line.startsWith('calls=')) {
      const field = line.slice(line.indexOf(' ') + 1).split(' ', 1)[0]!
      target = place(field, address)
    } else if (first === 48 || first === 43 || first === 45 || first === 42) {
      // 0x…, +…, -…, *
      const [where, , cost = '0'] = line.split(' ') as [string, string, string?]
      address = place(where, address)
      if (target === undefined) profile.self.set(address, (profile.self.get(address) ?? 0) + Number(cost))
      else profile.calls.push({ from: address, to: target, cost: Number(cost) })
      target = undefined
    } else if (line.startsWith('totals:')) profile.total = Number(line.slice(7))
  }
  return profile
}

function* lines(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = text.indexOf('\n', from)
    if (to < 0) to = text.length
    yield text.slice(from, to)
    from = to + 1
  }
}

export interface JsFunction {
  name: string
  file: string
  line: number
}

/** Finds the function of an address. Later lines of the map win: V8 uses memory again. */
export class PerfMap {
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #functions: (JsFunction | undefined)[] = []

  constructor(text: string) {
    const byStart = new Map<number, { end: number; name: string }>()
    for (const line of lines(text)) {
      const [start, size, ...name] = line.split(' ')
      if (start === undefined || size === undefined) continue
      const from = Number.parseInt(start, 16)
      byStart.set(from, { end: from + Number.parseInt(size, 16), name: name.join(' ') })
    }
    for (const [start, { end, name }] of [...byStart].sort(([a], [b]) => a - b)) {
      this.#starts.push(start)
      this.#ends.push(end)
      this.#functions.push(parseName(name))
    }
  }

  find(address: number): JsFunction | undefined {
    let low = 0
    let high = this.#starts.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      if (this.#starts[middle]! > address) high = middle - 1
      else low = middle + 1
    }
    return high >= 0 && address < this.#ends[high]! ? this.#functions[high] : undefined
  }
}

/** `JS:*'tick file:///srv/agent.js:22:18`: the marks say which compiler made it. */
function parseName(text: string): JsFunction | undefined {
  const match = /^JS:[~^+*']*(.*?) ?((?:file|node):.*):(\d+):\d+$/.exec(text)
  return match ? { name: match[1] || '(anonymous)', file: match[2]!, line: Number(match[3]) } : undefined
}
