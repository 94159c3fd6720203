/** Where the processes of one user find each other: a directory with one socket for each observed process. */

export interface LocalPlace {
  platform: string
  /** The user's number, where there is one. */
  uid: number | undefined
  environment: Record<string, string | undefined>
  temporaryDirectory: string
}

/** A socket's path must stay under 104 bytes on some systems, so the directory is short and flat. */
export function socketDirectory({ uid, environment, temporaryDirectory }: LocalPlace): string {
  return `${environment['XDG_RUNTIME_DIR'] || temporaryDirectory}/loopscope-${uid ?? 'user'}`
}

export function socketPath(pid: number, place: LocalPlace): string {
  return place.platform === 'win32' ? `\\\\.\\pipe\\loopscope-${pid}` : `${socketDirectory(place)}/${pid}.sock`
}
