/** What went wrong, in words for the person at the keyboard, and what helps. Ends a command with code 1 and no stack. */
export class UserError extends Error {
  readonly remedy: string

  constructor(message: string, remedy: string) {
    super(message)
    this.name = 'UserError'
    this.remedy = remedy
  }
}

/** The command line itself is wrong: one line, code 2. */
export class UsageError extends UserError {
  constructor(message: string, remedy: string) {
    super(message, remedy)
    this.name = 'UsageError'
  }
}
