import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'

/** What a process writes that logs these. */
function logged(script: string): string {
  const code = `import { createLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)}\n${script}`
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stderr
}

suite('the log', () => {
  test('has one line a minute for each cause', () => {
    const text = logged(`
      let now = 0
      const log = createLog('warn', () => now)
      log('warn', 'a', 'first')
      log('warn', 'a', 'too soon')
      log('error', 'b', 'another cause')
      now = 59_999
      log('warn', 'a', 'still too soon')
      now = 60_000
      log('warn', 'a', 'again')`)
    assert.equal(text, 'loopscope: first\nloopscope: another cause\nloopscope: again\n')
  })

  test('leaves out what is below its level', () => {
    const say = (level: string): string =>
      logged(
        `const log = createLog('${level}'); for (const level of ['error', 'warn', 'info', 'debug']) log(level, level, level)`,
      )
    assert.equal(say('error'), 'loopscope: error\n')
    assert.equal(say('debug'), 'loopscope: error\nloopscope: warn\nloopscope: info\nloopscope: debug\n')
  })

  test('keeps a message on one line', () => {
    assert.equal(logged(`createLog('warn')('warn', 'a', 'one\\n   two\\r\\nthree')`), 'loopscope: one two three\n')
  })

  test('says nothing, and throws nothing, when nobody listens', () => {
    assert.equal(logged(`import { closeSync } from 'node:fs'; closeSync(2); createLog('warn')('warn', 'a', 'x')`), '')
  })
})
