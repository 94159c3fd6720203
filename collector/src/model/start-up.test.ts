import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../protocol/rows.ts'
import { isStartUp, modulesOf, startUpCulprit } from './start-up.ts'

function stack(...files: string[]): { stack: Frame[] } {
  return { stack: files.map((file, i) => ({ function: `f${i}`, file, line: i + 1, column: 1, async: false })) }
}

const LOADER = 'node:internal/modules/cjs/loader'

test('the module is the package that the program asked for, whatever that loads in turn', () => {
  const inner = stack(
    '/app/node_modules/bytes/index.js',
    LOADER,
    '/app/node_modules/express/index.js',
    LOADER,
    'server.js',
  )
  const scoped = stack('/app/node_modules/@koa/router/lib/router.js', LOADER, 'server.js')
  const pnpm = stack('/app/node_modules/.pnpm/pg@8.1.0/node_modules/pg/lib/index.js', LOADER, 'src/db.js')
  const own = stack(LOADER, 'src/config.js', LOADER, 'server.js')
  const none = stack(LOADER)
  assert.deepEqual(modulesOf([inner, inner, inner, inner, scoped, pnpm, own, none], 800), [
    { name: 'express', time: 400 },
    { name: '@koa/router', time: 100 },
    { name: 'pg', time: 100 },
    { name: 'src/config.js', own: true, time: 100 },
  ])
})

test('the culprit is the line of the program that asked for the slowest one', () => {
  const express = stack('/app/node_modules/express/index.js', LOADER, 'server.js')
  const culprit = startUpCulprit([stack(LOADER, 'other.js'), express, express])!
  assert.deepEqual(
    [culprit.frame.file, culprit.frame.line, culprit.api, culprit.cause],
    ['server.js', 3, 'require', 'sync-call'],
  )
  assert.equal(startUpCulprit([]), undefined)
})

test('no turn but the first is start-up', () => {
  const one = stack(LOADER, 'server.js')
  assert.equal(isStartUp(0, [one]), true)
  assert.equal(isStartUp(1, [one]), false)
  assert.equal(isStartUp(0, []), true)
})

test('a package that is being loaded is no work of the line that asked for it, however often it is seen', () => {
  const loading = stack('/app/node_modules/express/index.js', LOADER, 'server.js')
  const evaluated = stack('/app/node_modules/express/index.js', 'node:internal/modules/esm/module_job')
  assert.equal(isStartUp(0, [loading, loading, loading, loading]), true)
  assert.equal(isStartUp(0, [evaluated, evaluated, evaluated, evaluated]), true)
})

test('a function of the program that is at work again and again is a block of its own, also in what it calls', () => {
  const work = stack('script.js', LOADER)
  const sort = stack('', '/app/node_modules/lodash/sortBy.js', 'script.js', LOADER)
  assert.equal(isStartUp(0, [work, work]), true, 'twice may be chance')
  assert.equal(isStartUp(0, [work, work, work]), false)
  assert.equal(isStartUp(0, [sort, sort, sort, stack(LOADER)]), false)
  assert.equal(
    isStartUp(0, [work, work, work, stack(LOADER), stack(LOADER), stack(LOADER)]),
    true,
    'not most of the time',
  )
})
