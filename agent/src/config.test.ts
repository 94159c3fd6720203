import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadConfig, OPTIONS } from './config.ts'

/** A directory with a configuration file, and one below it. */
function place(t: TestContext, text?: string): { path: string; below: string } {
  const path = mkdtempSync(join(tmpdir(), 'loopscope-config-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  const below = join(path, 'deep', 'er')
  mkdirSync(below, { recursive: true })
  if (text !== undefined) writeFileSync(join(path, 'loopscope.config.json'), text)
  return { path, below }
}

const DEFAULTS = {
  listen: '127.0.0.1:9464',
  collector: undefined,
  token: undefined,
  blockMs: 20,
  level: 'normal',
  layers: 'sampled',
  context: 'auto',
  disable: [],
  log: 'warn',
}

suite('configuration', () => {
  test('is the defaults when nothing is said', (t) => {
    const { below } = place(t)
    assert.deepEqual(loadConfig({}, below), { config: DEFAULTS, problems: [] })
    assert.equal(loadConfig({ NODE_ENV: 'production' }, below).config.blockMs, 50)
    assert.deepEqual(loadConfig({ LOOPSCOPE_BLOCK_MS: '' }, below).problems, [], 'empty is as if it were not there')
  })

  test('is taken from the environment', (t) => {
    const { below } = place(t)
    const { config, problems } = loadConfig(
      {
        LOOPSCOPE_LISTEN: '9000',
        LOOPSCOPE_COLLECTOR: 'wss://collector.example',
        LOOPSCOPE_TOKEN: 'secret',
        LOOPSCOPE_BLOCK_MS: '12.5',
        LOOPSCOPE_LEVEL: 'minimal',
        LOOPSCOPE_LAYERS: 'off',
        LOOPSCOPE_CONTEXT: 'on',
        LOOPSCOPE_DISABLE: 'capture, http,,',
        LOOPSCOPE_LOG: 'debug',
      },
      below,
    )
    assert.deepEqual(problems, [])
    assert.deepEqual(config, {
      listen: '127.0.0.1:9000',
      collector: 'wss://collector.example',
      token: 'secret',
      blockMs: 12.5,
      level: 'minimal',
      layers: 'off',
      context: 'on',
      disable: ['capture', 'http'],
      log: 'debug',
    })
  })

  test('is taken from a file above the working directory, the environment first', (t) => {
    const { below } = place(t, '{ "blockMs": 30, "disable": ["pg", "http"], "log": "info" }')
    const { config, problems } = loadConfig({ LOOPSCOPE_LOG: 'error' }, below)
    assert.deepEqual(problems, [])
    assert.deepEqual([config.blockMs, config.disable, config.log], [30, ['pg', 'http'], 'error'])
  })

  test('that is wrong in the environment does not fall back to the file', (t) => {
    const { below } = place(t, '{ "blockMs": 30 }')
    const { config, problems } = loadConfig({ LOOPSCOPE_BLOCK_MS: '3' }, below)
    assert.equal(config.blockMs, 20)
    assert.equal(problems.length, 1)
  })

  for (const [variable, value] of [
    ['LOOPSCOPE_LISTEN', 'localhost'],
    ['LOOPSCOPE_LISTEN', '127.0.0.1:99999'],
    ['LOOPSCOPE_LISTEN', 'http://127.0.0.1:80/'],
    ['LOOPSCOPE_COLLECTOR', 'http://collector'],
    ['LOOPSCOPE_BLOCK_MS', '-1'],
    ['LOOPSCOPE_BLOCK_MS', 'NaN'],
    ['LOOPSCOPE_BLOCK_MS', '1e9'],
    ['LOOPSCOPE_LEVEL', 'Normal'],
    ['LOOPSCOPE_CONTEXT', 'yes'],
    ['LOOPSCOPE_LOG', 'trace'],
    ['LOOPSCOPE_DISABLE', 'http; capture'],
  ] as const) {
    test(`${variable}=${value} is named, with what is allowed and what is taken instead`, (t) => {
      const { below } = place(t)
      const { config, problems } = loadConfig({ [variable]: value }, below)
      const { allowed } = OPTIONS.find((option) => option.environment === variable)!
      assert.equal(problems.length, 1)
      assert.ok(problems[0]!.startsWith(`${variable}=${JSON.stringify(value)} is not ${allowed}; using `), problems[0])
      assert.deepEqual(config, DEFAULTS)
    })
  }

  test('files that are no configuration are one line each', (t) => {
    for (const [text, problem] of [
      ['', /is not valid JSON/],
      ['[1]', /is not a JSON object/],
      ['null', /is not a JSON object/],
      ['{ "blockMs": "x", "colour": 1 }', /unknown key "colour"; known are listen/],
      ['{ "__proto__": 1, "constructor": 2 }', /unknown key "__proto__"/],
    ] as const) {
      const { config, problems } = loadConfig({}, place(t, text).below)
      assert.match(problems[0]!, problem)
      assert.deepEqual(config, DEFAULTS)
    }
  })

  test('values of a wrong kind in a file do not throw', (t) => {
    for (const value of ['null', '{}', '[[]]', 'true', '{"toString":1}']) {
      const { config } = loadConfig(
        {},
        place(t, `{ "blockMs": ${value}, "listen": ${value}, "disable": ${value} }`).below,
      )
      assert.equal(config.blockMs, 20, value)
      assert.equal(config.listen, '127.0.0.1:9464', value)
      assert.deepEqual(config.disable, value === 'true' ? ['true'] : [], value)
    }
  })

  test('is documented completely: each option has a variable of its own', () => {
    assert.equal(new Set(OPTIONS.map((option) => option.environment)).size, OPTIONS.length)
    for (const { key, environment } of OPTIONS) {
      assert.equal(environment, `LOOPSCOPE_${key.replace(/[A-Z]/g, '_$&').toUpperCase()}`)
    }
  })
})
