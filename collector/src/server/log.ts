/** `cause` is a short name of what happened: who writes the lines limits how many there are of each cause. */
export type Log = (level: 'error' | 'warn' | 'info' | 'debug', cause: string, message: string) => void
