/** What the tests of WebSockets share: what the agent was told of a path, and the messages that were activities. */
import { until, type Observed } from './observe.ts'
import type { ReadActivity, ReadSockets } from './read-channel.ts'

export class SocketStory {
  readonly #observed: Observed

  constructor(observed: Observed) {
    this.#observed = observed
  }

  /** Of a library and path: 'ws /chat'. */
  path(name: string): ReadSockets | undefined {
    this.#observed.reader.read()
    return this.#observed.reader.sockets.get(name)
  }

  /** Once what was told is this. */
  async told(name: string, expected: Partial<ReadSockets>): Promise<ReadSockets> {
    const isSo = (): boolean => {
      const told = this.path(name)
      return told !== undefined && Object.entries(expected).every(([key, value]) => told[key as never] === value)
    }
    await until(JSON.stringify(expected), isSo).catch((error: Error) => {
      throw new Error(`${error.message}; of ${name} was told ${JSON.stringify(this.path(name))}`)
    })
    return this.path(name)!
  }

  messages(): ReadActivity[] {
    this.#observed.reader.read()
    return [...this.#observed.reader.activities.values()].filter(({ kind }) => kind === 'ws')
  }

  /** Nothing is open, waits or runs any more. */
  async isOver(name: string): Promise<void> {
    const { opened } = await this.told(name, { oldestSince: 0, slowSince: 0, buffered: 0, slow: 0 })
    await this.told(name, { closed: opened })
    await until('the end of all activities', () => this.#observed.reader.live().length === 0)
    if (this.#observed.reader.problems.length > 0) throw new Error(this.#observed.reader.problems.join())
  }
}
