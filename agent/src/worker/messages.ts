/** What the program's threads and the agent's worker say to each other, beside the channels. */
import type { Config } from '../config.ts'

/** One observed thread. */
export interface ThreadInfo {
  buffer: SharedArrayBuffer
  /** 0 for the main thread. */
  threadId: number
  /** The operating system's id of the thread; 0 where it has none to tell. */
  tid: number
  name: string
  startedAt: number
}

/** `workerData` of the agent's worker. */
export interface WorkerStart {
  loopscope: true
  config: Config
  main: ThreadInfo
  cwd: string
  /** The program's file, as it was given; '' where there is none. */
  script: string
  /** Whether the inspector may be used: connecting without the permission aborts the process. */
  mayCapture: boolean
  /** The parent process, when this one is a cluster worker. */
  clusterParent: number | undefined
}

export type ToWorker = { type: 'metrics'; request: number }
export type FromWorker = { type: 'metrics'; request: number; text: string } | { type: 'ping' }

/** Between the threads of one process: user threads show themselves, the agent's worker asks who is there. */
export type ThreadMessage = { type: 'thread'; thread: ThreadInfo } | { type: 'who' }

export function threadChannelName(pid: number): string {
  return `loopscope:${pid}`
}
