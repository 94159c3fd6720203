/** Debian's Prometheus, with promtool. */
import { installFromDebian } from '../../scripts/debian.ts'

export function installPrometheus(say: (line: string) => void): void {
  installFromDebian('prometheus', ['prometheus', 'promtool'], say)
}
