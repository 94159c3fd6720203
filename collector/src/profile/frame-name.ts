import type { Frame } from '../protocol/index.ts'

/** An async frame is the one that awaits the frame inside it: it is not on the machine's stack, and is marked. */
export function frameName(frame: Frame): string {
  return frame.async ? `async ${frame.function}` : frame.function
}

/** Where the file is: tools open it by that. Node's own files and native frames stay as they are. */
export function fileUrl(file: string, cwd: string): string {
  if (file === '' || /^[a-z][a-z0-9+.-]*:/i.test(file)) return file
  const path = file.startsWith('/') ? file : `${cwd.replace(/\/$/, '')}/${file}`
  return `file://${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`
}
