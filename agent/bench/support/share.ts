/** What of a counted program is the agent's: the instructions of its own functions, and of what they call. */
import type { JsFunction, PerfMap, Profile } from './callgrind.ts'

export interface Part {
  function: string
  /** Instructions a request in the function itself, with what V8 has inlined into it. */
  self: number
  /** And with all that it calls, when it is called from outside of the agent. */
  inclusive: number
}

const AGENT = /\/agent\/dist\//
const SLOW_CLOCK = /\/slow-clock\.js$/

export function agentParts({ self, calls }: Profile, map: PerfMap, requests: number): Part[] {
  const parts = new Map<string, Part>()
  const own = (address: number): JsFunction | undefined => {
    const found = map.find(address)
    return found && AGENT.test(found.file) ? found : undefined
  }
  const part = ({ name, file, line }: JsFunction): Part => {
    const key = `${name} ${file.slice(file.lastIndexOf('/') + 1)}:${line}`
    let known = parts.get(key)
    if (!known) parts.set(key, (known = { function: key, self: 0, inclusive: 0 }))
    return known
  }
  for (const [address, cost] of self) {
    const found = own(address)
    if (found) part(found).self += cost / requests
  }
  for (const { from, to, cost } of calls) {
    const callee = own(to)
    if (callee && !own(from)) part(callee).inclusive += cost / requests
  }
  return [...parts.values()].sort((a, b) => b.inclusive - a.inclusive || b.self - a.self)
}

/** What the slow clock of this benchmark adds to the agent. */
export function slowClockCost({ self }: Profile, map: PerfMap, requests: number): number {
  let sum = 0
  for (const [address, cost] of self) if (SLOW_CLOCK.test(map.find(address)?.file ?? '')) sum += cost / requests
  return sum
}
