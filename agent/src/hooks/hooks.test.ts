/** The contract of every hook. What is special to one is in its own test. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { createChannel } from '@loopscope/collector/protocol'
import { Activities } from '../program/activity.ts'
import { Pools } from '../program/pools.ts'
import { Queues } from '../program/queues.ts'
import { Recorder } from '../program/recorder.ts'
import { Sockets } from '../program/sockets.ts'
import { Streams } from '../program/streams.ts'
import type { HookContext, PackageHook } from './hook.ts'
import { BUILTIN_HOOKS, PACKAGE_HOOKS } from './index.ts'

const MACHINERY = ['hook.ts', 'index.ts', 'load.ts']

test('every file of the folder is a hook in the lists, under the name of the file', () => {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !MACHINERY.includes(file))
    .map((file) => file.slice(0, -'.ts'.length))
  assert.deepEqual([...BUILTIN_HOOKS, ...PACKAGE_HOOKS].map(({ name }) => name).sort(), files.sort())
})

function context(): HookContext {
  const recorder = new Recorder(createChannel())
  const activities = new Activities(recorder, () => 0, { context: true })
  const pools = new Pools(recorder, activities, () => 0)
  const queues = new Queues(recorder, activities, pools, () => 0)
  const streams = new Streams(recorder, activities, () => 0)
  const sockets = new Sockets(recorder, { now: () => 0 })
  return { recorder, activities, pools, queues, sockets, streams, now: () => 0, seen: () => {} }
}

for (const hook of PACKAGE_HOOKS) {
  suite(`the hook ${hook.name}`, () => {
    test('says which files of which package, in which versions, and how', () => {
      assert.ok(hook.package.length > 0)
      assert.ok(hook.files.length > 0)
      for (const { file, variable } of hook.files) {
        assert.match(file, /^[\w./-]+\.(js|mjs|cjs)$/)
        if (file.endsWith('.mjs')) assert.ok(variable, `${file} is an ES module: its exports have to be a variable`)
      }
      assert.ok(hook.majors.length > 0)
      assert.ok(['patch', 'channel', 'api'].includes(hook.how))
    })

    test('refuses exports that are not what it was written for, and leaves them as they are', () => {
      for (const exports of [{}, undefined, { prototype: {} }]) {
        const before = JSON.stringify(exports)
        // Only a hook without anything to patch may be content.
        if (hook.how !== 'patch') start(hook, exports)
        else assert.throws(() => start(hook, exports))
        assert.equal(JSON.stringify(exports), before)
      }
    })
  })
}

function start(hook: PackageHook, exports: unknown): void {
  hook.start(context(), exports as never, `${hook.majors[0]}.0.0`)
}
