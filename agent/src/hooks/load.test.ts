/** In child processes: which way a library is loaded, and what has been loaded before, is a matter of a whole process. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
const directory = mkdtempSync(join(tmpdir(), 'loopscope-load-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const here = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)

/** Starts all package hooks and prints what was seen. `first` is run before. */
const preload = (first = ''): string => `
  ${first}
  const { observe } = await import(${here('../testing/observe.ts')})
  const { BUILTIN_HOOKS, PACKAGE_HOOKS } = await import(${here('./index.ts')})
  globalThis.observed = observe(BUILTIN_HOOKS, PACKAGE_HOOKS)
  process.on('exit', () => {
    observed.reader.read()
    const rows = observed.reader.hooked
      .filter(({ module }) => !module.startsWith('node:'))
      .map(({ module, version, how, why }) => [module, version.split('.')[0], how, why].join(' ').trim())
    for (const row of new Set(rows)) console.log(row)
  })`

let number = 0
async function run(program: string, options: { ending?: string; first?: string } = {}): Promise<string[]> {
  const name = join(directory, String(number++))
  writeFileSync(`${name}.preload.mjs`, preload(options.first))
  const file = `${name}${options.ending ?? '.mjs'}`
  writeFileSync(file, program)
  const args = ['--import', pathToFileURL(`${name}.preload.mjs`).href, file]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
  assert.equal(stderr.replace(/^.*Warning.*\n|^\(Use .*\n/gm, ''), '')
  return stdout.trim().split('\n')
}

/** Makes a package in node_modules beside the programs. */
function install(name: string, files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    const path = join(directory, 'node_modules', name, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}

/** As npm has installed it, under any name. */
function link(alias: string): void {
  mkdirSync(dirname(join(directory, 'node_modules', alias)), { recursive: true })
  let root = dirname(require.resolve(alias))
  while (!root.endsWith(`node_modules/${alias}`)) root = dirname(root)
  symlinkSync(root, join(directory, 'node_modules', alias))
}

for (const alias of [
  'express4',
  'express5',
  'koa2',
  'koa3',
  'koarouter12',
  'koarouter14',
  'koarouter15',
  'pg',
  'fastify4',
  'fastify5',
  '@hapi/hapi',
  'hono',
  'graphql',
  'connect',
  'p-queue',
  'p-limit',
  'ws',
  'socket.io',
]) {
  link(alias)
}

const ALL = [
  '@hapi/hapi 21 patch',
  '@koa/router 12 patch',
  '@koa/router 15 patch',
  'connect 3 patch',
  'express 4 patch',
  'express 5 patch',
  'fastify 5 channel',
  'fastq 1 patch',
  'graphql 16 patch',
  'hono 4 patch',
  'koa 3 patch',
  'p-limit 7 patch',
  'p-queue 9 patch',
  'pg 8 patch',
  'pg-pool 3 patch',
  'socket.io 4 patch',
  'ws 8 patch',
]

test('libraries are hooked when an ES module imports them', async () => {
  const seen = await run(`
    import express4 from 'express4'
    import express5, { Router } from 'express5'
    import Router12 from 'koarouter12'
    import { Router as Router15 } from 'koarouter15'
    import koa from 'koa3'
    import fastify from 'fastify5'
    import pg from 'pg'
    import { server } from '@hapi/hapi'
    import { Hono } from 'hono'
    import 'graphql'
    import connect from 'connect'
    import PQueue from 'p-queue'
    import pLimit from 'p-limit'
    import { WebSocketServer } from 'ws'
    import { Server } from 'socket.io'
    express4(); express5(); Router(); new Router12(); new Router15(); new koa(); fastify(); new pg.Pool({}); server(); new Hono(); connect(); new WebSocketServer({ noServer: true }); new Server()
  `)
  assert.deepEqual(seen.sort(), ALL)
})

test('libraries are hooked when a CommonJS program requires them', async () => {
  const seen = await run(
    `
    for (const name of ['express4', 'express5', 'koarouter12', 'koarouter15', 'koa3', 'pg', '@hapi/hapi', 'hono', 'graphql', 'connect', 'p-queue', 'p-limit', 'ws', 'socket.io']) require(name)
    require('fastify5')()
  `,
    { ending: '.cjs' },
  )
  assert.deepEqual(seen.sort(), ALL)
})

test('a route is known in an ES module program whose router is an ES module, too', async () => {
  const seen = await run(`
    import { once } from 'node:events'
    import { createServer } from 'node:http'
    import Koa from 'koa3'
    import Router from 'koarouter15'
    const router = new Router({ prefix: '/api' })
    router.get('/items/:id', (context) => { context.body = observed.reader.name(observed.activities.current().route) })
    const server = createServer(new Koa().use(router.routes()).callback()).listen(0)
    await once(server, 'listening')
    console.log(await (await fetch('http://localhost:' + server.address().port + '/api/items/1')).text())
    server.close()
    server.closeAllConnections()
  `)
  assert.equal(seen[0], '/api/items/:id')
})

test('an unknown major version is left alone, and said', async () => {
  install('express', {
    'package.json': '{ "name": "express", "version": "99.0.0", "main": "lib/express.js" }',
    'lib/express.js': 'module.exports = { untouched: true }',
  })
  const seen = await run(`const express = require('express'); console.log(Object.keys(express).join())`, {
    ending: '.cjs',
  })
  assert.deepEqual(seen, ['untouched', 'express 99 none major version not known; tested: 4, 5'])
})

test('a known version that looks different is left alone, and said', async () => {
  install('koa-next', {
    'package.json': '{ "name": "@koa/router", "version": "15.99.0", "main": "dist/index.mjs", "type": "module" }',
    'dist/index.mjs': 'export default "renamed"',
  })
  const seen = await run(`import value from 'koa-next'; console.log(value)`)
  assert.deepEqual(seen, ['renamed', '@koa/router 15 none hook failed: no Layer in it'])
})

test('a library that was loaded before the agent is said to be missed', async () => {
  const first = `
    const { createRequire } = await import('node:module')
    createRequire(${JSON.stringify(join(directory, 'x.js'))})('express4')`
  const seen = await run(`await import('express4')`, { first })
  assert.deepEqual(seen, ['express 4 none loaded before the agent: put --import first'])
})

test('lines and columns of a hooked file stay where they are', async () => {
  install('pg-lines', {
    'package.json': '{ "name": "pg-pool", "version": "3.0.0", "main": "index.js" }',
    'index.js': `'use strict'\nclass Pool { connect() {} _release() {} newClient() {} where() { return new Error('x').stack } }\nmodule.exports = Pool // no newline`,
  })
  const seen = await run(
    `const Pool = require('pg-lines'); console.log(/index\\.js:2:\\d+/.exec(new Pool().where())[0])`,
    { ending: '.cjs' },
  )
  assert.match(seen[0]!, /^index\.js:2:\d+$/)
  assert.deepEqual(seen.slice(1), ['pg-pool 3 patch'])
})
