/**
 * Records the stacks that captures take of known ways to hold the loop, for the tests of the culprit's rules:
 *
 *   node scripts/stacks/record.ts [NODE ...]      by default the Node that runs this
 *
 * One file for each version in collector/src/model/stacks. To be done again for a new major version of Node.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Recording {
  node: string
  kinds: { kind: string; stacks: { share: number; frames: string[] }[] }[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const nodes = process.argv.slice(2)

for (const node of nodes.length > 0 ? nodes : [process.execPath]) {
  const folder = mkdtempSync(join(tmpdir(), 'loopscope-stacks-'))
  try {
    const program = join(ROOT, 'scripts/stacks/program.js')
    const text = execFileSync(node, ['--no-warnings', program, folder], { encoding: 'utf8', maxBuffer: 64 * 2 ** 20 })
    const recording = JSON.parse(text) as Recording
    const file = join(ROOT, `collector/src/model/stacks/node${recording.node.split('.')[0]}.json`)
    writeFileSync(file, JSON.stringify(recording, null, 1) + '\n')
    console.log(`Node ${recording.node}: ${recording.kinds.length} kinds`)
    for (const { kind, stacks } of recording.kinds) if (stacks.length === 0) console.log(`  no capture of ${kind}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
