/** The parameters of the API, each checked by name. */
import type { Selection } from '../model/collector.ts'
import { FORMAT_NAMES, type FormatName } from '../profile/formats.ts'
import { refusal, type Refusal } from './errors.ts'
import { GROUPINGS, type Grouping } from './hot.ts'

export interface Query extends Selection {
  by?: Grouping
  /** Seconds up to now. */
  last?: number
  route?: string
  format?: FormatName
}

type Parameter = keyof Query

const MAX_LIMIT = 10_000
/** Samples are kept for so long. */
const MAX_LAST_SECONDS = 900

const READERS: { [P in Parameter]-?: { allowed: string; read(text: string): Query[P] | undefined } } = {
  since: {
    allowed: 'a unix time in ms',
    read: (text) => (/^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : undefined),
  },
  instance: {
    allowed: 'the id of an instance, see /api/v1/instances',
    read: (text) => (text.length > 0 && text.length <= 512 ? text : undefined),
  },
  limit: {
    allowed: `a whole number from 1 to ${MAX_LIMIT}`,
    read: (text) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= MAX_LIMIT ? Number(text) : undefined),
  },
  by: {
    allowed: GROUPINGS.join(', '),
    read: (text) => GROUPINGS.find((grouping) => grouping === text),
  },
  last: {
    allowed: `a whole number of seconds from 1 to ${MAX_LAST_SECONDS}`,
    read: (text) => (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= MAX_LAST_SECONDS ? Number(text) : undefined),
  },
  route: {
    allowed: 'a route as the tables show it: GET /cart/:id',
    read: (text) => (text.length > 0 && text.length <= 600 ? text : undefined),
  },
  format: {
    allowed: FORMAT_NAMES.join(', '),
    read: (text) => FORMAT_NAMES.find((format) => format === text),
  },
}

export const SELECTION_PARAMETERS = ['since', 'instance', 'limit'] as const satisfies Parameter[]

/** Everything that is not allowed is refused: a filter that is silently ignored gives a wrong answer. */
export function readQuery(parameters: URLSearchParams, allowed: readonly Parameter[]): Query | Refusal {
  const query: Record<string, unknown> = {}
  for (const [name, value] of parameters) {
    const known = allowed.find((parameter) => parameter === name)
    if (known === undefined) {
      return refusal(
        400,
        'parameter-unknown',
        `there is no parameter ${quoted(name)} here`,
        `allowed are ${allowed.join(', ')}`,
      )
    }
    if (known in query) {
      return refusal(400, 'parameter-repeated', `the parameter ${known} is given twice`, 'give it once')
    }
    const read = READERS[known].read(value)
    if (read === undefined) {
      const message = `the parameter ${known} cannot be ${quoted(value)}`
      return refusal(400, 'parameter-invalid', message, `${known} is ${READERS[known].allowed}`)
    }
    query[known] = read
  }
  return query as Query
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text)
}
