/** Blocks in what JavaScript calls: Node's synchronous functions and V8's own. See loops.js for units and arrows. */
import { execSync } from 'node:child_process'
import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { folder } from '../scratch.js'

function hashPassword(units) {
  return pbkdf2Sync('secret', 'salt', Math.ceil(units * 1500), 64, 'sha512') // <- pbkdf2
}

function deriveKey(units) {
  return scryptSync('secret', 'salt', 64, { N: 256, r: 8, p: Math.ceil(units * 2), maxmem: 2 ** 30 }) // <- scrypt
}

const large = join(folder, 'large')
writeFileSync(large, '')

function sizeLarge(units) {
  truncateSync(large, Math.ceil(units * 2_000_000))
}

function readCatalogue() {
  return readFileSync(large).length // <- read-large
}

const page = join(folder, 'page')
writeFileSync(page, 'a page of text, read again and again; '.repeat(1000))

function readPages(units) {
  let length = 0
  for (let i = 0; i < units * 20; i++) {
    // <- read-many
    length += readFileSync(page, 'utf8').length // <- read-many
  }
  return length
}

/** The shell takes a few ms to start. */
const SHELL_MS = 3

function convertImage(ms) {
  return execSync(`sleep ${Math.max(0, ms - SHELL_MS) / 1000}`) // <- exec
}

const bytes = Buffer.alloc(60_000_000, 'what is packed is a text with some 0123456789 digits in it; ')

function packReport(units) {
  return gzipSync(bytes.subarray(0, units * 100_000)) // <- gzip
}

const cell = new Int32Array(new SharedArrayBuffer(4))

function waitForOther(ms) {
  return Atomics.wait(cell, 0, 0, ms) // <- atomics
}

const rows = Array.from({ length: 150_000 }, (_, i) => ({
  id: i,
  name: `product ${i}`,
  tags: ['a', 'b'],
  price: i / 100,
}))
const ends = new Uint32Array(rows.length + 1)
const text = '[' + rows.map((row) => JSON.stringify(row)).join(',') + ']'
for (let i = 1, at = 1; i <= rows.length; i++) ends[i] = at = text.indexOf('}', at) + 1

const rowCount = (units) => Math.max(1, Math.min(rows.length, Math.round(units * 500)))

function parseOrders(document) {
  return JSON.parse(document).length // <- json-parse
}

function exportOrders(some) {
  return JSON.stringify(some).length // <- json-stringify
}

function copyOrders(some) {
  return structuredClone(some).length // <- clone
}

const require = createRequire(import.meta.url)
/** In parentheses V8 compiles a function at once, so that requiring is compiling. */
const aFunction = (i) =>
  `exports.f${i} = (function (a, b) { if (a > ${i}) return b * ${i}; for (let i = 0; i < a; i++) b += i; return { a, b } })\n`
const source = Array.from({ length: 60_000 }, (_, i) => aFunction(i)).join('')
let modules = 0

/** A file of its own each time: nothing of it is in any cache. */
async function writeModule(units) {
  const path = join(folder, `plugin-${++modules}.js`)
  const end = source.indexOf('\n', Math.min(source.length - 2, units * 20_000)) + 1
  await writeFile(path, `// ${modules}\n${source.slice(0, end)}`)
  return path
}

function loadPlugin(path) {
  return require(path) // <- require
}

const database = new DatabaseSync(':memory:')
const counting = database.prepare(
  'with recursive c(x) as (select 1 union all select x + 1 from c where x < ?) select sum(x) as sum from c',
)

function countOrders(units) {
  return counting.get(Math.ceil(units * 3000)).sum // <- sqlite
}

function checksum(units) {
  return createHash('sha256')
    .update(bytes.subarray(0, units * 200_000))
    .digest('hex') // <- hash-large
}

const sync = ['sync-call']
const js = ['js']

export const natives = [
  { name: 'pbkdf2', functions: ['hashPassword'], api: '^crypto\\.pbkdf2Sync$', causes: sync, block: hashPassword },
  { name: 'scrypt', functions: ['deriveKey'], api: '^crypto\\.scryptSync$', causes: sync, block: deriveKey },
  {
    name: 'read-large',
    functions: ['readCatalogue'],
    api: '^fs\\.readFileSync$',
    causes: sync,
    most: 120,
    input: sizeLarge,
    block: readCatalogue,
  },
  { name: 'read-many', functions: ['readPages'], api: '^fs\\.readFileSync$', causes: sync, block: readPages },
  {
    name: 'exec',
    functions: ['convertImage'],
    api: '^child_process\\.execSync$',
    causes: sync,
    fixed: true,
    sleeps: true,
    block: convertImage,
  },
  { name: 'gzip', functions: ['packReport'], api: '^zlib\\.(gzipSync|\\*Sync)$', causes: sync, block: packReport },
  {
    name: 'atomics',
    functions: ['waitForOther'],
    api: '^Atomics\\.wait$',
    causes: sync,
    fixed: true,
    sleeps: true,
    block: waitForOther,
  },
  {
    name: 'json-parse',
    functions: ['parseOrders'],
    api: '^JSON\\.parse$',
    causes: js,
    most: 120,
    input: (units) => text.slice(0, ends[rowCount(units)]) + ']',
    block: parseOrders,
  },
  {
    name: 'json-stringify',
    functions: ['exportOrders'],
    api: '^JSON\\.stringify$',
    causes: js,
    most: 120,
    input: (units) => rows.slice(0, rowCount(units)),
    block: exportOrders,
  },
  {
    name: 'clone',
    functions: ['copyOrders'],
    api: '^structuredClone$',
    causes: ['js', 'sync-call'],
    most: 120,
    input: (units) => rows.slice(0, rowCount(units)),
    block: copyOrders,
  },
  {
    name: 'require',
    functions: ['loadPlugin'],
    api: '^require$',
    causes: sync,
    most: 200,
    prepare: writeModule,
    block: loadPlugin,
  },
  {
    name: 'sqlite',
    functions: ['countOrders'],
    api: '^(sqlite\\.|StatementSync\\.|DatabaseSync\\.)',
    causes: sync,
    block: countOrders,
  },
  {
    name: 'hash-large',
    functions: ['checksum'],
    api: '^crypto\\.',
    causes: ['js', 'sync-call'],
    most: 250,
    block: checksum,
  },
]
