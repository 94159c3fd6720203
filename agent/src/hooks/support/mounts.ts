/**
 * Which router is mounted where, as it was registered, and the template of a route from it: the templates on the way up,
 * joined as OpenTelemetry's http.route for Express joins them ("/" adds nothing, an array's paths by ",", a RegExp as it
 * prints). A chain that was broken by a wrapper around a router ends there: never a raw URL in a template.
 */
interface Mount {
  parent: object
  template: string
}

export interface Candidate {
  /** The part that the request's baseUrl has to match, when there is more than one candidate. */
  prefix: string
  template: string
}

/** A route that is mounted at more places has the first of them only. */
const MAX_CANDIDATES = 32
const MAX_DEPTH = 16

export class Mounts {
  /** Changes with every mount: what was derived before is out of date. */
  generation = 0
  readonly #mounts = new WeakMap<object, Mount[]>()

  add(child: object, parent: object, path: unknown): void {
    const mounts = this.#mounts.get(child) ?? []
    for (const each of Array.isArray(path) ? (path as unknown[]) : [path]) {
      const template = templateOf(each)
      if (!mounts.some((mount) => mount.parent === parent && mount.template === template))
        mounts.push({ parent, template })
    }
    this.#mounts.set(child, mounts)
    this.generation++
  }

  /** Every way from the root to a route in `router` that has this path. */
  candidates(router: object, path: unknown): Candidate[] {
    const found: Candidate[] = []
    this.#climb(router, [], templateOf(path), found)
    return found
  }

  #climb(at: object, below: string[], route: string, found: Candidate[]): void {
    if (found.length === MAX_CANDIDATES) return
    const mounts = this.#mounts.get(at)
    if (mounts === undefined || below.length === MAX_DEPTH) {
      found.push({ prefix: join(below), template: join([...below, route]) || '/' })
      return
    }
    for (const { parent, template } of mounts) this.#climb(parent, [template, ...below], route, found)
  }
}

export function templateOf(path: unknown): string {
  return Array.isArray(path) ? path.flat(Infinity).map(String).join(',') : String(path)
}

function join(templates: string[]): string {
  const last = templates.length - 1
  const parts = templates.filter((part, i) => part !== '/' && (part !== '/*' || i === last))
  return parts.join('').replace(/\/{2,}/g, '/')
}

/** The candidate whose prefix fits the URL's part that was matched by mounts best: more literal segments first. */
export function bestCandidate(candidates: readonly Candidate[], baseUrl: string): number {
  let best = 0
  let bestScore = -1
  const url = baseUrl.split('/')
  for (let i = 0; i < candidates.length; i++) {
    const score = scoreOf(candidates[i]!.prefix, url)
    if (score > bestScore) {
      best = i
      bestScore = score
    }
  }
  return best
}

const PATTERN = /[*(){}[\]?+^$\\]/

function scoreOf(prefix: string, url: string[]): number {
  if (PATTERN.test(prefix)) return 0
  const segments = prefix.split('/')
  if (segments.length !== url.length) return -1
  let literal = 0
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!
    if (segment.includes(':')) continue
    if (segment.toLowerCase() !== url[i]!.toLowerCase()) return -1
    literal++
  }
  return literal
}
