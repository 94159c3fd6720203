/** The parameters of the API, each checked by name. */
import type { Selection } from '../model/collector.ts'
import { refusal, type Refusal } from './errors.ts'
import { GROUPINGS, type Grouping } from './hot.ts'

export interface Query extends Selection {
  by?: Grouping
}

type Parameter = keyof Query

const MAX_LIMIT = 10_000

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
