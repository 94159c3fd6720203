/**
 * What Linux knows of a thread: is it waiting in its loop's poll, and how much of its time did it wait for a processor?
 * Both are reads of /proc/self/task of 2 to 5 us that disturb nobody. On other systems the answer is `unknown`.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

/** asleep: in a call of the system other than its poll; waiting: the same, for a lock (a futex). */
export type ThreadState = 'idle' | 'busy' | 'asleep' | 'waiting' | 'unknown'

/** ms so far: on a processor, ready without one, and (of the whole cgroup) held back by its quota. */
export interface Schedule {
  cpu: number
  runDelay: number
  throttled?: number
}

/** epoll_wait, epoll_pwait and epoll_pwait2 by architecture: linux/arch/x86/entry/syscalls, include/uapi/asm-generic. */
const EPOLL: Record<string, readonly string[]> = {
  x64: ['232', '281', '441'],
  arm64: ['22', '441'],
}
const FUTEX: Record<string, string> = { x64: '202', arm64: '98' }

export interface Kernel {
  state(): ThreadState
  schedule(): Schedule | undefined
  close(): void
}

export function openKernel(tid: number): Kernel | undefined {
  const calls = EPOLL[process.arch]
  if (process.platform !== 'linux' || calls === undefined || tid === 0) return undefined
  let syscall: number
  let schedstat: number | undefined
  try {
    syscall = openSync(`/proc/self/task/${tid}/syscall`, 'r')
    if (readText(syscall) === undefined) throw new Error('unreadable')
  } catch {
    return undefined
  }
  try {
    schedstat = openSync(`/proc/self/task/${tid}/schedstat`, 'r')
  } catch {
    // A kernel without CONFIG_SCHED_INFO: the state alone, then.
  }
  const quota = openQuota()
  /** execSync polls in a loop of its own, whose descriptor was opened later than the thread's: the lowest one is ours. */
  let loop = Infinity

  return {
    state() {
      const text = readText(syscall)
      if (text === undefined) return 'unknown'
      // -1: it is in no call, but stopped, or waits for a page of its memory.
      if (text.startsWith('running') || text.startsWith('-1')) return 'busy'
      const [call = '', descriptor = ''] = text.split(' ', 2)
      if (call === FUTEX[process.arch]) return 'waiting'
      if (!calls.includes(call)) return 'asleep'
      const polled = Number(descriptor)
      if (polled < loop) loop = polled
      return polled === loop ? 'idle' : 'asleep'
    },
    schedule() {
      const text = schedstat === undefined ? undefined : readText(schedstat)
      if (text === undefined) return undefined
      const [cpu, runDelay] = text.split(' ')
      const schedule: Schedule = { cpu: Number(cpu) / 1e6, runDelay: Number(runDelay) / 1e6 }
      const throttled = quota?.()
      return throttled === undefined ? schedule : { ...schedule, throttled }
    },
    close() {
      closeSync(syscall)
      if (schedstat !== undefined) closeSync(schedstat)
    },
  }
}

/** cgroup v2 counts how long its processes were held back by their quota; undefined where there is none (cpu.max: "max"). */
function openQuota(): (() => number | undefined) | undefined {
  try {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1]
    if (path === undefined) return undefined
    const folder = `/sys/fs/cgroup${path}`
    if (readFileSync(`${folder}/cpu.max`, 'latin1').startsWith('max')) return undefined
    const descriptor = openSync(`${folder}/cpu.stat`, 'r')
    return () => {
      const micros = /^throttled_usec (\d+)$/m.exec(readText(descriptor) ?? '')?.[1]
      return micros === undefined ? undefined : Number(micros) / 1000
    }
  } catch {
    return undefined
  }
}

const buffer = Buffer.alloc(1024)

function readText(descriptor: number): string | undefined {
  try {
    const length = readSync(descriptor, buffer, 0, buffer.length, 0)
    return length > 0 ? buffer.toString('latin1', 0, length) : undefined
  } catch {
    return undefined // the thread has ended
  }
}
