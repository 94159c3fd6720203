/** The rules on stacks as captures took them on Node 22, 24 and 26: scripts/stacks/record.ts. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { PART } from '../protocol/events.ts'
import { Captures, type Capture, type ResolveFrame } from './captures.ts'
import { findCulprit } from './culprit.ts'

interface Recording {
  node: string
  kinds: {
    kind: string
    function: string
    /** 0: not told. */
    line: number
    /** Any of these. */
    api: string | null | (string | null)[]
    /** late: ms, the median. */
    stacks: { share: number; late: number; frames: string[] }[]
  }[]
}

const FOLDER = join(import.meta.dirname, 'stacks')
const FILE = 'scripts/stacks/kinds.js'
const recordings = readdirSync(FOLDER).map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recording)

/** As the agent's events would bring them. */
function capture(frames: string[], late: number, resolve?: ResolveFrame): Capture {
  const names = ['', ...frames.map((frame) => frame.replaceAll('|', PART))]
  const captures = new Captures({
    name: (id) => names[id]!,
    cwd: '/app',
    agentFile: 'file:///agent.js',
    changed: () => {},
    ...(resolve ? { resolve } : {}),
  })
  captures.begin(1, 0, 0, 4 * (frames.length + 64 * late))
  let taken: Capture | undefined
  for (let i = 1; i <= frames.length; i += 4) taken = captures.more([i, i + 1, i + 2, i + 3])
  assert.ok(taken)
  return taken
}

test('three major versions are recorded', () => {
  assert.deepEqual(recordings.map(({ node }) => node.split('.')[0]).sort(), ['22', '24', '26'])
})

for (const { node, kinds } of recordings) {
  suite(`Node ${node}`, () => {
    for (const { kind, stacks, ...expected } of kinds) {
      test(`${kind}: ${expected.function}`, () => {
        assert.ok(stacks.length > 0, 'nothing was recorded')
        const apis = Array.isArray(expected.api) ? expected.api : [expected.api]
        for (const { late, frames } of stacks) {
          const { stack } = capture(frames, late)
          const culprit = findCulprit(stack)!
          const about = `${JSON.stringify(culprit)}\n${frames.slice(0, 6).join('\n')}`
          assert.deepEqual([culprit.frame.function, culprit.frame.file], [expected.function, FILE], about)
          if (expected.line > 0) assert.equal(culprit.frame.line, expected.line, about)
          assert.ok(apis.includes(culprit.api), about)
          assert.equal(culprit.package, culprit.api?.startsWith('better-sqlite3 ') ? 'better-sqlite3' : null)
          assert.ok(stack.every((frame) => frame.file !== '/agent.js'))
        }
      })
    }
  })
}
