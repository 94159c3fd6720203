import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { mayUseInspector, standDownReason } from './stand-down.ts'

function nodeIs(t: TestContext, version: string): void {
  const { versions } = process
  Object.defineProperty(process, 'versions', { value: { ...versions, node: version }, configurable: true })
  t.after(() => Object.defineProperty(process, 'versions', { value: versions, configurable: true }))
}

function mayDo(t: TestContext, ...scopes: string[]): void {
  const before = Object.getOwnPropertyDescriptor(process, 'permission')
  Object.defineProperty(process, 'permission', {
    value: { has: (scope: string) => scopes.includes(scope) },
    configurable: true,
  })
  t.after(() => {
    if (before) Object.defineProperty(process, 'permission', before)
    else delete (process as { permission?: unknown }).permission
  })
}

suite('the agent stands down', () => {
  for (const program of ['npm', 'npm-cli.js', 'npx-cli.js', 'yarn.js', 'pnpm.cjs', 'corepack', 'node-gyp.js']) {
    test(`without a word for what only starts others: ${program}`, () => {
      assert.equal(standDownReason(`/usr/lib/node_modules/x/bin/${program}`, []), '')
    })
  }

  test('without a word where no program runs', () => {
    assert.equal(standDownReason('/app/server.js', ['--check']), '')
  })

  test('on a Node that is too old, and says which one it needs', (t) => {
    for (const [version, stands] of [
      ['20.20.2', true],
      ['22.14.0', true],
      ['22.15.0', false],
      ['24.0.0', false],
      ['26.1.0', false],
    ] as const) {
      nodeIs(t, version)
      const reason = standDownReason('/app/server.js', [])
      assert.equal(reason !== undefined, stands, version)
      if (reason !== undefined) assert.match(reason, /^Node 2\d\.\d+\.\d is too old: loopscope needs 22\.15/)
    }
    nodeIs(t, '20.20.2')
    assert.equal(standDownReason('/usr/bin/npm', []), '', 'npm on an old Node is no matter of ours')
  })

  test('under the permission model without the right to a worker', (t) => {
    mayDo(t, 'fs', 'inspector')
    assert.match(standDownReason('/app/server.js', []) ?? '', /--allow-worker/)
  })

  test('for nothing else', (t) => {
    assert.equal(standDownReason('/app/server.js', []), undefined)
    assert.equal(standDownReason('/app/npm-mirror.js', []), undefined)
    assert.equal(standDownReason(undefined, ['--eval']), undefined)
    mayDo(t, 'worker')
    assert.equal(standDownReason('/app/server.js', []), undefined)
  })
})

test('the inspector is used where it may be', (t) => {
  assert.equal(mayUseInspector(), true)
  mayDo(t, 'worker', 'inspector')
  assert.equal(mayUseInspector(), true)
  mayDo(t, 'worker')
  assert.equal(mayUseInspector(), false)
})
