/** Writes the Grafana dashboards and the Prometheus rules. */
import { UserError } from '../errors.ts'
import { HELP_OPTION, type Command } from './command.ts'

export const dashboards: Command = {
  name: 'dashboards',
  summary: 'write the Grafana dashboards and the Prometheus rules',
  usage: 'dashboards [-o DIR]',
  positionals: [0, 0],
  options: {
    output: { type: 'string', short: 'o', value: 'DIR', about: 'where to (default: loopscope-dashboards)' },
    ...HELP_OPTION,
  },
  examples: [
    ['loopscope dashboards', 'into ./loopscope-dashboards'],
    ['loopscope dashboards -o /etc/grafana/loopscope', 'into a directory of choice'],
  ],
  run: async ({ values, surroundings }) => {
    const directory = typeof values.output === 'string' ? values.output : 'loopscope-dashboards'
    const { writeDashboards } = await import('@loopscope/dashboards')
    try {
      for (const path of await writeDashboards(directory)) surroundings.stdout.write(`${path}\n`)
      return 0
    } catch (error) {
      throw new UserError(error instanceof Error ? error.message : String(error), 'name another one with -o DIR')
    }
  },
}
