/**
 * Ends the processes of the demo if the demo itself is killed with SIGKILL and can do nothing any more: a shell that
 * reads process ids from a pipe, and acts when the pipe closes with its owner.
 */
import { spawn } from 'node:child_process'

const SCRIPT = `
while read -r pid; do pids="$pids $pid"; done
kill -TERM $pids 2>/dev/null
tries=50
while [ $tries -gt 0 ]; do
  alive=
  for pid in $pids; do kill -0 $pid 2>/dev/null && alive=$pid; done
  [ "$alive" ] || break
  sleep 0.1
  tries=$((tries - 1))
done
kill -KILL $pids 2>/dev/null
rm -rf "$0"`

export interface Reaper {
  watch(pid: number): void
  /** Everything was ended in good order. */
  dismiss(): Promise<void>
}

/** @param directory is removed as well */
export function startReaper(directory: string): Reaper {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, directory], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  const ended = new Promise((resolve) => shell.once('exit', resolve).once('error', resolve))
  shell.stdin.on('error', () => {})
  return {
    watch: (pid) => void shell.stdin.write(`${pid}\n`),
    async dismiss() {
      shell.kill('SIGKILL')
      await ended
    },
  }
}
