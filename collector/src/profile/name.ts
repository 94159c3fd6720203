import type { Profile } from '../model/profile.ts'

/** What a profile is called inside of a file: `shop-api 4242`, of a user's thread `shop-api 4242 worker 3`. */
export function nameOf({ service, pid, thread }: Profile): string {
  return thread === 'main' ? `${service} ${pid}` : `${service} ${pid} ${thread}`
}
