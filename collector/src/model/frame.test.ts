import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isOwn, packageOf, parseFrame, shortFile, withoutAgent } from './frame.ts'

suite('a frame', () => {
  test('is read from its name, its file relative to the working directory', () => {
    const file = 'file:///app/src/a%20b.ts'
    assert.deepEqual(parseFrame(`\x0017\x005\0parse\0${file}`, '/app'), {
      frame: { function: 'parse', file: 'src/a b.ts', line: 17, column: 5, async: false },
      source: file,
      begin: '',
      isAtEntry: false,
    })
    assert.deepEqual(parseFrame('a\x001\x002\0\0/elsewhere/x.js', '/app').frame, {
      function: '(anonymous)',
      file: '/elsewhere/x.js',
      line: 1,
      column: 2,
      async: true,
    })
  })

  test('says where its function begins, and whether that is where it was taken', () => {
    const { isAtEntry, begin, frame } = parseFrame('e40:1\x0040\x009\0f\0/app/a.js', '/app')
    assert.deepEqual([isAtEntry, begin, frame.async], [true, '40:1', false])
    const caller = parseFrame('a12:3\x0017\x005\0g\0/app/a.js', '/app')
    assert.deepEqual([caller.isAtEntry, caller.begin, caller.frame.async], [false, '12:3', true])
  })

  test('keeps a file that only looks as if it were inside', () => {
    assert.equal(shortFile('/application/a.js', '/app'), '/application/a.js')
    assert.equal(shortFile('file:///app/50%.js', '/app/'), '50%.js')
    assert.equal(shortFile('node:fs', '/app'), 'node:fs')
  })

  test("of the agent's is left out; its wrapper of a native stands for the native", () => {
    const frame = (name: string, file: string) => ({ function: name, file, line: 3, column: 4, async: false })
    assert.equal(withoutAgent(frame('parse', 'agent.js'), 'agent.js'), undefined)
    assert.deepEqual(withoutAgent(frame('native JSON.parse', 'agent.js'), 'agent.js'), {
      function: 'JSON.parse',
      file: '',
      line: 0,
      column: 0,
      async: false,
    })
    const others = frame('native JSON.parse', 'src/a.js')
    assert.equal(withoutAgent(others, 'agent.js'), others)
  })

  test("is the program's own unless it is Node's, a package's, a native's or an evaluated text's", () => {
    const own = (file: string): boolean => isOwn({ function: 'f', file, line: 1, column: 1, async: false })
    for (const file of ['src/a.js', '/app/node_modules_of_mine/a.js', 'C:\\app\\a.js']) assert.ok(own(file), file)
    for (const file of [
      '',
      'node:fs',
      'node_modules/a/b.js',
      'C:\\app\\node_modules\\a\\b.js',
      'evalmachine.<anonymous>',
    ]) {
      assert.ok(!own(file), file)
    }
  })

  test('in a package names it', () => {
    assert.equal(packageOf('node_modules/express/lib/router.js'), 'express')
    assert.equal(packageOf('/app/node_modules/a/node_modules/@koa/router/index.js'), '@koa/router')
    assert.equal(packageOf('/app/node_modules/.pnpm/@acme+x@1.0.0/node_modules/@acme/x/i.js'), '@acme/x')
    assert.equal(packageOf('C:\\app\\node_modules\\@acme\\x\\i.js'), '@acme/x')
    assert.equal(packageOf('src/node_modules.ts'), undefined)
  })
})
