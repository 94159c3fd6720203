/** Every command, in the order of the help. A test holds this list against the folder. */
import type { Command } from './command.ts'
import { dashboards } from './dashboards.ts'
import { helpCommand } from './help.ts'
import { profile } from './profile.ts'
import { run } from './run.ts'
import { tableCommands } from './tables.ts'
import { top } from './top.ts'

export const COMMANDS: readonly Command[] = [
  top,
  run,
  ...tableCommands,
  profile,
  dashboards,
  helpCommand(() => COMMANDS),
]
