/**
 * Names of routes that hold an operation: `/graphql query GetCart`, or `query GetCart` where no framework has named the path.
 * The names come from clients, so there is an end to them: after MAX_OPERATIONS each route has one `other` of each type.
 */
import type { Recorder } from '../../program/recorder.ts'

export const MAX_OPERATIONS = 200
const MAX_LENGTH = 80
const OTHER = 'other'
const ANONYMOUS = '(anonymous)'

type ByName = Map<string, number>

export class OperationNames {
  readonly #recorder: Recorder
  readonly #byRoute = new Map<number, Map<string, ByName>>()
  readonly #made = new Set<number>()
  #count = 0

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  /** Whether a route has an operation in it. */
  has(route: number): boolean {
    return this.#made.has(route)
  }

  /** The name id of the route with the operation. */
  get(route: number, type: string, name: string = ANONYMOUS): number {
    let byType = this.#byRoute.get(route)
    if (byType === undefined) this.#byRoute.set(route, (byType = new Map()))
    let byName = byType.get(type)
    if (byName === undefined) byType.set(type, (byName = new Map()))
    return byName.get(name) ?? this.#add(byName, route, type, name)
  }

  #add(byName: ByName, route: number, type: string, name: string): number {
    const isRefused = name.length > MAX_LENGTH || this.#count >= MAX_OPERATIONS
    if (isRefused) {
      if (name !== OTHER) return byName.get(OTHER) ?? this.#add(byName, route, type, OTHER)
    } else this.#count++
    const path = this.#recorder.textOf(route)
    const id = this.#recorder.name([...(path === '' ? [] : [path]), type, name].join(' '))
    byName.set(name, id)
    if (id !== 0) this.#made.add(id)
    return id
  }
}
