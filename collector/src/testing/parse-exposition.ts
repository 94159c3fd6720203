/** A strict reader of both text formats, for tests: it throws on what a scraper might only tolerate. */

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
  exemplar?: { labels: Record<string, string>; value: number; timestamp: number }
}

export interface ParsedFamily {
  type: string
  help: string
  samples: Sample[]
}

const SUFFIXES: Record<string, string[]> = { gauge: [''], counter: [''], histogram: ['_bucket', '_sum', '_count'] }

export function parseExposition(body: string, openMetrics: boolean): Map<string, ParsedFamily> {
  const lines = body.split('\n')
  if (lines.pop() !== '') throw new Error('the last line must end in a line feed')
  if (openMetrics && lines.pop() !== '# EOF') throw new Error('OpenMetrics must end in # EOF')
  const families = new Map<string, ParsedFamily>()
  let family: (ParsedFamily & { name: string }) | undefined
  for (const line of lines) {
    const head = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (head) {
      const [, keyword, name, rest] = head as unknown as [string, string, string, string]
      if (keyword === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`)
        if (/[\\"]/.test(rest)) throw new Error(`the help of ${name} would need escapes`)
        family = { name, type: '', help: rest, samples: [] }
        families.set(name, family)
      } else if (family?.name === name && SUFFIXES[rest]) family.type = rest
      else throw new Error(`unexpected ${line}`)
    } else {
      if (!family?.type) throw new Error(`a sample before its TYPE: ${line}`)
      family.samples.push(parseSample(line, family, openMetrics))
    }
  }
  for (const [name, { type, samples }] of families) {
    checkUnique(name, samples)
    if (type === 'histogram') checkHistogram(name, samples)
  }
  return families
}

function parseSample(line: string, family: { name: string; type: string }, openMetrics: boolean): Sample {
  const reader = new Reader(line)
  const name = reader.take(/[a-zA-Z_:][a-zA-Z0-9_:]*/y)
  const suffixes = openMetrics && family.type === 'counter' ? ['_total'] : SUFFIXES[family.type]!
  if (!suffixes.some((suffix) => name === family.name + suffix))
    throw new Error(`${name} is no sample of ${family.name}`)
  if (!openMetrics && family.type === 'counter' && !name.endsWith('_total')) throw new Error(`${name} lacks _total`)
  const labels = reader.labels()
  reader.take(/ /y)
  const value = Number(reader.take(/-?\d+(\.\d+)?(e[+-]?\d+)?/y))
  if (/_bucket$|_count$/.test(name) && !Number.isInteger(value)) throw new Error(`${line}: not a whole number`)
  if (reader.atEnd) return { name, labels, value }
  if (!openMetrics || !(name.endsWith('_bucket') || name.endsWith('_total')))
    throw new Error(`no exemplar here: ${line}`)
  reader.take(/ # /y)
  const exemplar = { labels: reader.labels(), value: NaN, timestamp: NaN }
  exemplar.value = Number(reader.take(/ \d+(\.\d+)?/y))
  exemplar.timestamp = Number(reader.take(/ \d+(\.\d+)?$/y))
  if (Object.entries(exemplar.labels).flat().join('').length > 128) throw new Error(`the exemplar is too long: ${line}`)
  return { name, labels, value, exemplar }
}

class Reader {
  #at = 0
  readonly #line: string

  constructor(line: string) {
    this.#line = line
  }

  get atEnd(): boolean {
    return this.#at === this.#line.length
  }

  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#line)
    if (!match) throw new Error(`expected ${pattern} at ${this.#at} of ${this.#line}`)
    this.#at += match[0].length
    return match[0]
  }

  labels(): Record<string, string> {
    const labels: Record<string, string> = {}
    if (this.#line[this.#at] !== '{') return labels
    this.take(/\{/y)
    while (this.#line[this.#at] !== '}') {
      if (Object.keys(labels).length > 0) this.take(/,/y)
      const name = this.take(/[a-zA-Z_][a-zA-Z0-9_]*/y)
      if (name in labels) throw new Error(`label ${name} comes twice: ${this.#line}`)
      this.take(/=/y)
      const quoted = this.take(/"([^"\\]|\\[\\"n])*"/y)
      labels[name] = quoted.slice(1, -1).replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
    }
    this.take(/\}/y)
    return labels
  }
}

function checkUnique(name: string, samples: Sample[]): void {
  const seen = new Set<string>()
  for (const sample of samples) {
    const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort())
    if (seen.has(key)) throw new Error(`a series of ${name} comes twice: ${key}`)
    seen.add(key)
  }
}

function checkHistogram(name: string, samples: Sample[]): void {
  const series = new Map<string, { buckets: Sample[]; sum?: number; count?: number }>()
  for (const sample of samples) {
    const labels = { ...sample.labels }
    delete labels.le
    const key = JSON.stringify(labels)
    const group = series.get(key) ?? { buckets: [] }
    series.set(key, group)
    if (sample.name.endsWith('_bucket')) group.buckets.push(sample)
    else if (sample.name.endsWith('_sum')) group.sum = sample.value
    else group.count = sample.value
  }
  for (const [key, { buckets, sum, count }] of series) {
    const borders = buckets.map(({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le)))
    const rising = (numbers: number[], strictly: boolean) =>
      numbers.every((value, i) => i === 0 || value > numbers[i - 1]! || (!strictly && value === numbers[i - 1]))
    if (!rising(borders, true) || borders.at(-1) !== Infinity) throw new Error(`borders of ${name}${key}`)
    const counts = buckets.map(({ value }) => value)
    if (!rising(counts, false)) throw new Error(`buckets of ${name}${key} are not cumulative`)
    if (sum === undefined || count === undefined || counts.at(-1) !== count) throw new Error(`count of ${name}${key}`)
    buckets.forEach(({ exemplar }, i) => {
      const low = i === 0 ? -Infinity : borders[i - 1]!
      if (exemplar && !(exemplar.value > low && exemplar.value <= borders[i]!))
        throw new Error(`exemplar of ${name}${key}`)
    })
  }
}
