/** A number given as an option, checked: the error names the option, the value and what is allowed. */
import { UsageError } from '../errors.ts'

export function numberOption(
  name: string,
  value: string | boolean | undefined,
  fallback: number,
  [least, most]: readonly [number, number],
  unit: string,
): number {
  if (value === undefined) return fallback
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  if (number >= least && number <= most) return number
  throw new UsageError(`--${name} is "${String(value)}"`, `it must be a number of ${unit} from ${least} to ${most}`)
}
