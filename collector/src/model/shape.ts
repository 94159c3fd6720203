/** Shapes of data that came over the wire: a check returns why the value is wrong, or null. */

export type Check = (value: unknown, at: string) => string | null

/** A text longer than this is no name, path or stack line. */
const MAX_TEXT = 4096

export const text: Check = (value, at) => {
  if (typeof value !== 'string') return `${at} must be a text`
  return value.length > MAX_TEXT ? `${at} is longer than ${MAX_TEXT} characters` : null
}

export const number: Check = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? null : `${at} must be a finite number`

/** A count, a size or a duration. */
export const amount: Check = (value, at) =>
  number(value, at) ?? ((value as number) < 0 ? `${at} must not be negative` : null)

export const flag: Check = (value, at) => (typeof value === 'boolean' ? null : `${at} must be true or false`)

export function integer(low: number, high: number): Check {
  return (value, at) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? null
      : `${at} must be a whole number from ${low} to ${high}`
}

export function oneOf(...allowed: readonly unknown[]): Check {
  return (value, at) => (allowed.includes(value) ? null : `${at} must be one of ${allowed.join(', ')}`)
}

export function nullable(check: Check): Check {
  return (value, at) => (value === null ? null : check(value, at))
}

export function optional(check: Check): Check {
  return (value, at) => (value === undefined ? null : check(value, at))
}

export function list(check: Check, most: number): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} must be a list`
    if (value.length > most) return `${at} has ${value.length} entries, ${most} are allowed`
    for (let i = 0; i < value.length; i++) {
      const problem = check(value[i], `${at}[${i}]`)
      if (problem !== null) return problem
    }
    return null
  }
}

/** Fields that are not named pass unchecked: a newer agent may say more. */
export function record(fields: Record<string, Check>): Check {
  const entries = Object.entries(fields)
  return (value, at) => {
    if (!isObject(value)) return `${at} must be an object`
    for (const [name, check] of entries) {
      const problem = check(value[name], `${at}.${name}`)
      if (problem !== null) return problem
    }
    return null
  }
}

export function mapOf(check: Check, most: number): Check {
  return (value, at) => {
    if (!isObject(value)) return `${at} must be an object`
    const entries = Object.entries(value)
    if (entries.length > most) return `${at} has ${entries.length} entries, ${most} are allowed`
    for (const [name, entry] of entries) {
      const problem = check(entry, `${at}.${name.slice(0, 100)}`)
      if (problem !== null) return problem
    }
    return null
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
