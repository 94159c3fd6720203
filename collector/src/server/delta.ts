/** What changed between two looks at the tables. A row is kept as its JSON: compared as text, and sent as it is. */
import { ROW_KEY, TABLES, type TableName, type Tables } from '../protocol/index.ts'

export class TableHistory {
  readonly #rows = new Map<TableName, Map<string, string>>(TABLES.map((name) => [name, new Map()]))

  /** Takes the tables as the new state; returns the delta from the one before as JSON. */
  advance(tables: Tables): string {
    const changes: string[] = []
    for (const name of TABLES) {
      const before = this.#rows.get(name)!
      const after = new Map<string, string>()
      const set: string[] = []
      for (const [key, row] of keyed(name, tables)) {
        const json = JSON.stringify(row)
        if (before.get(key) !== json) set.push(json)
        after.set(key, json)
      }
      const gone = [...before.keys()].filter((key) => !after.has(key))
      this.#rows.set(name, after)
      const parts: string[] = []
      if (set.length > 0) parts.push(`"set":[${set.join(',')}]`)
      if (gone.length > 0) parts.push(`"gone":${JSON.stringify(gone)}`)
      if (parts.length > 0) changes.push(`"${name}":{${parts.join(',')}}`)
    }
    return `{${changes.join(',')}}`
  }

  /** The whole state as JSON: where the next delta goes on from. */
  whole(): string {
    return `{${TABLES.map((name) => `"${name}":[${[...this.#rows.get(name)!.values()].join(',')}]`).join(',')}}`
  }
}

function* keyed(name: TableName, tables: Tables): Generator<[string, unknown]> {
  const keyOf = ROW_KEY[name] as (row: unknown) => string
  for (const row of tables[name]) yield [keyOf(row), row]
}
