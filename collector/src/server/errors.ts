/** What can go wrong, with what to do about it: as an exception at the start, as JSON to a client. */

export class ServerError extends Error {
  override name = 'ServerError'
  readonly code: string
  readonly remedy: string

  constructor(code: string, message: string, remedy: string) {
    super(`${message}: ${remedy}`)
    this.code = code
    this.remedy = remedy
  }
}

/** An answer that is not 200. */
export interface Refusal {
  status: number
  code: string
  message: string
  remedy: string
  headers?: Record<string, string>
}

export function refusal(status: number, code: string, message: string, remedy: string): Refusal {
  return { status, code, message, remedy }
}

export function refusalBody({ code, message, remedy }: Refusal): string {
  return JSON.stringify({ error: { code, message, remedy } })
}
