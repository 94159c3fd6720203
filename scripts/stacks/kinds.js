// One way to hold the loop for each kind; the line that is to blame ends in `// <- kind`. What comes next in `handle` is
// where V8 takes a capture that was asked for during a native call without interrupt checks.
import { execFileSync, execSync, spawnSync } from 'node:child_process'
import * as crypto from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isDeepStrictEqual } from 'node:util'
import * as v8 from 'node:v8'
import * as vm from 'node:vm'
import * as zlib from 'node:zlib'
import Database from 'better-sqlite3'

const require = createRequire(import.meta.url)
const folder = process.argv[2]
const file = join(folder, 'large.txt')
const bytes = Buffer.alloc(40_000_000, 'loopscope is a profiler of the event loop. ')
writeFileSync(file, bytes)
const rows = Array.from({ length: 60_000 }, (_, i) => ({ id: i, name: `product ${i}`, tags: ['a', 'b'] }))
const same = structuredClone(rows)
const document = JSON.stringify(rows)
const packed = zlib.gzipSync(bytes)
const numbers = Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 300_007)
const words = numbers.map(String)
const map = new Map(numbers.map((number) => [number, number]))
const sentence = 'ab '.repeat(300_000)
const evil = 'a'.repeat(21) + 'b'
const database = new DatabaseSync(':memory:')
const query =
  'with recursive c(x) as (select 1 union all select x + 1 from c where x < 200000) select sum(x) as sum from c'
const summing = database.prepare(query)
const sqlite3 = new Database(':memory:')
const sqlite3Summing = sqlite3.prepare(query)
const long = 'with recursive c(x) as (select 1 union all select x + 1 from c where x < 60000) select x from c'
const small = join(folder, 'small.txt')
writeFileSync(small, 'x'.repeat(30_000))
const big = Buffer.concat([bytes, bytes])
const based = big.toString('base64')
const keys = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
const signature = crypto.sign('sha256', big, keys.privateKey)
const serialized = v8.serialize(rows)
const code = '{ const end = Date.now() + 60; while (Date.now() < end); }'
writeFileSync(join(folder, 'data.json'), document)
const aFunction = (i) => `exports.f${i} = (function (a) { for (let i = 0; i < a; i++) a ^= ${i}; return { a } })\n`
writeFileSync(join(folder, 'plugin.cjs'), Array.from({ length: 20_000 }, (_, i) => aFunction(i)).join(''))
let plugins = 0
const flag = new Int32Array(new SharedArrayBuffer(4))

const spin = (limit) => {
  let sum = 0
  for (let i = 0; i < limit; i++) sum += i % 7 // <- loop
  return sum
}
const sizeOf = (value) => value?.length ?? value?.size ?? 0
const byLastDigits = (a, b) => (a % 1000) - (b % 1000) || a - b // <- comparator

class Basket {
  total() {
    let sum = 0
    for (let i = 0; i < 6e7; i++) sum += i % 7 // <- method
    return sum
  }
}

/** kind: [function, api, what is not told]: 'line' where only the function is, as the capture comes after it. */
export const kinds = {
  loop: ['spin', null, () => spin(6e7)],
  method: ['total', null, () => new Basket().total()],
  comparator: ['byLastDigits', null, () => [...numbers].sort(byLastDigits)],
  pbkdf2Sync: [
    'hashPassword',
    'crypto.pbkdf2Sync',
    function hashPassword() {
      return crypto.pbkdf2Sync('a', 'b', 100_000, 64, 'sha512') // <- pbkdf2Sync
    },
  ],
  scryptSync: [
    'deriveKey',
    'crypto.scryptSync',
    function deriveKey() {
      return crypto.scryptSync('a', 'b', 64, { N: 16_384 }) // <- scryptSync
    },
  ],
  createHash: [
    'checksum',
    'crypto.createHash',
    function checksum() {
      return crypto.createHash('sha512').update(bytes).digest('hex') // <- createHash
    },
  ],
  createCipheriv: [
    'encrypt',
    'crypto.createCipheriv',
    function encrypt() {
      const cipher = crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32), Buffer.alloc(16))
      return [cipher.update(bytes), cipher.final()] // <- createCipheriv
    },
  ],
  generateKeyPairSync: [
    'makeKeys',
    'crypto.generateKeyPairSync',
    function makeKeys() {
      return crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }) // <- generateKeyPairSync
    },
  ],
  readFileSync: [
    'readCatalogue',
    'fs.readFileSync',
    function readCatalogue() {
      return readFileSync(file) // <- readFileSync
    },
  ],
  writeFileSync: [
    'exportFile',
    'fs.writeFileSync',
    function exportFile() {
      writeFileSync(file, bytes) // <- writeFileSync
      return sizeOf(file)
    },
  ],
  existsSync: [
    'lookUp',
    'fs.existsSync',
    function lookUp() {
      for (let i = 0; i < 15_000; i++) existsSync('/nowhere') // <- existsSync
    },
  ],
  execSync: [
    'convertImage',
    'child_process.execSync',
    function convertImage() {
      return execSync('sleep 0.06') // <- execSync
    },
  ],
  execFileSync: [
    'runTool',
    'child_process.execFileSync',
    function runTool() {
      return execFileSync('sleep', ['0.06']) // <- execFileSync
    },
  ],
  gzipSync: [
    'packReport',
    'zlib.*Sync',
    function packReport() {
      return zlib.gzipSync(bytes) // <- gzipSync
    },
  ],
  gunzipSync: [
    'unpackReport',
    'zlib.*Sync',
    function unpackReport() {
      return zlib.gunzipSync(packed) // <- gunzipSync
    },
  ],
  wait: [
    'waitForOther',
    'Atomics.wait',
    function waitForOther() {
      return Atomics.wait(flag, 0, 0, 60) // <- wait
    },
  ],
  test: [
    'isCoupon',
    'RegExp.test',
    function isCoupon() {
      return /^(a+)+$/.test(evil) // <- test
    },
  ],
  exec: [
    'findCoupon',
    'RegExp.exec',
    function findCoupon() {
      return /^(a+)+$/.exec(evil) // <- exec
    },
  ],
  match: [
    'matchCoupon',
    'String.match',
    function matchCoupon() {
      return evil.match(/^(a+)+$/) // <- match
    },
  ],
  replace: [
    'cleanCoupon',
    'String.replace',
    function cleanCoupon() {
      return evil.replace(/^(a+)+$/, '') // <- replace
    },
  ],
  search: [
    'seekCoupon',
    'String.search',
    function seekCoupon() {
      return evil.search(/^(a+)+$/) // <- search
    },
  ],
  matchAll: [
    'countWords',
    'String.matchAll',
    function countWords() {
      return sizeOf([...sentence.matchAll(/a/g)]) // <- matchAll
    },
  ],
  parse: [
    'importOrders',
    'JSON.parse',
    function importOrders() {
      return JSON.parse(document) // <- parse
    },
  ],
  stringify: [
    'exportOrders',
    'JSON.stringify',
    function exportOrders() {
      return JSON.stringify(rows) // <- stringify
    },
  ],
  structuredClone: [
    'copyOrders',
    'structuredClone',
    function copyOrders() {
      return structuredClone(rows) // <- structuredClone
    },
  ],
  all: [
    'listOrders',
    'StatementSync.all',
    function listOrders() {
      return database.prepare(query).all() // <- all
    },
  ],
  get: [
    'sumOrders',
    'StatementSync.get',
    function sumOrders() {
      return summing.get() // <- get
    },
  ],
  run: [
    'touchOrders',
    'StatementSync.run',
    function touchOrders() {
      return summing.run() // <- run
    },
  ],
  sqlExec: [
    'migrate',
    'DatabaseSync.exec',
    function migrate() {
      database.exec(query) // <- sqlExec
    },
  ],
  includes: [
    'findWords',
    'Array.includes',
    function findWords() {
      for (let i = 0, found = false; i < 40 && !found; i++) found = words.includes(`x${i}`) // <- includes
    },
  ],
  from: [
    'listEntries',
    ['Array.from', null],
    function listEntries() {
      return Array.from(map) // <- from
    },
  ],
  isDeepStrictEqual: [
    'compareOrders',
    'util.isDeepStrictEqual',
    function compareOrders() {
      return isDeepStrictEqual(rows, same) // <- isDeepStrictEqual
    },
  ],
  require: [
    'loadPlugin',
    'require',
    function loadPlugin() {
      const path = join(folder, 'plugin.cjs')
      delete require.cache[path]
      writeFileSync(path, `// ${plugins++}\n` + readFileSync(path, 'utf8'))
      return require(path) // <- require
    },
    'line',
  ],
  requireJson: [
    'loadData',
    'require',
    function loadData() {
      delete require.cache[join(folder, 'data.json')]
      return require(join(folder, 'data.json')) // <- requireJson
    },
  ],
  runInThisContext: [
    'runRule',
    'vm.runInThisContext',
    function runRule() {
      return vm.runInThisContext(code) // <- runInThisContext
    },
  ],
  eval: [
    'evaluate',
    'eval',
    function evaluate() {
      return (0, eval)(code) // <- eval
    },
  ],
  readText: [
    'readText',
    'fs.readFileSync',
    function readText() {
      const text = readFileSync(file, 'utf8') // <- readText
      return sizeOf(text)
    },
  ],
  readMany: [
    'readPages',
    'fs.readFileSync',
    function readPages() {
      let length = 0
      for (let i = 0; i < 3000; i++) length += sizeOf(readFileSync(small, 'utf8')) // <- readMany
      return length
    },
  ],
  statMany: [
    'sizes',
    'fs.statSync',
    function sizes() {
      let size = 0
      for (let i = 0; i < 20_000; i++) size += statSync(small).size // <- statMany
      return size
    },
  ],
  readdirMany: [
    'listFiles',
    'fs.readdirSync',
    function listFiles() {
      let files = 0
      for (let i = 0; i < 3000; i++) files += sizeOf(readdirSync(folder)) // <- readdirMany
      return files
    },
  ],
  appendMany: [
    'writeLog',
    'fs.appendFileSync',
    function writeLog() {
      for (let i = 0; i < 2000; i++) appendFileSync(`${small}.log`, 'x') // <- appendMany
    },
  ],
  copyFile: [
    'copyFile',
    'fs.copyFileSync',
    function copyFile() {
      copyFileSync(file, file + '.copy') // <- copyFile
      return sizeOf(file)
    },
  ],
  readAtOnce: [
    'readAtOnce',
    'fs.readSync',
    function readAtOnce() {
      const descriptor = openSync(file)
      readSync(descriptor, bytes) // <- readAtOnce
      closeSync(descriptor)
    },
  ],
  spawnSync: [
    'runScript',
    'child_process.spawnSync',
    function runScript() {
      const result = spawnSync('sleep', ['0.06']) // <- spawnSync
      return sizeOf(result)
    },
  ],
  hash: [
    'hashAtOnce',
    'crypto.hash',
    function hashAtOnce() {
      const hash = crypto.hash('sha256', big) // <- hash
      return sizeOf(hash)
    },
  ],
  hmac: [
    'authenticate',
    'crypto.createHash',
    function authenticate() {
      return crypto.createHmac('sha256', 'key').update(big).digest('hex') // <- hmac
    },
  ],
  sign: [
    'signReport',
    'crypto.sign',
    function signReport() {
      return crypto.sign('sha256', big, keys.privateKey) // <- sign
    },
  ],
  signMany: [
    'signTokens',
    'crypto.sign',
    function signTokens() {
      let length = 0
      for (let i = 0; i < 60; i++) length += sizeOf(crypto.sign('sha256', 'token', keys.privateKey)) // <- signMany
      return length
    },
  ],
  verify: [
    'verifyReport',
    'crypto.verify',
    function verifyReport() {
      const isTrue = crypto.verify('sha256', big, keys.publicKey, signature) // <- verify
      return sizeOf(isTrue)
    },
  ],
  randomBytes: [
    'makeNoise',
    'crypto.randomBytes',
    function makeNoise() {
      const noise = crypto.randomBytes(50_000_000) // <- randomBytes
      return sizeOf(noise)
    },
  ],
  serialize: [
    'store',
    'v8.serialize',
    function store() {
      const stored = v8.serialize(rows) // <- serialize
      return sizeOf(stored)
    },
  ],
  deserialize: [
    'restore',
    'v8.deserialize',
    function restore() {
      const restored = v8.deserialize(serialized) // <- deserialize
      return sizeOf(restored)
    },
  ],
  textDecoder: [
    'decodeText',
    'TextDecoder.decode',
    function decodeText() {
      const text = new TextDecoder().decode(big) // <- textDecoder
      return sizeOf(text)
    },
  ],
  sort: [
    'sortWords',
    'Array.sort',
    function sortWords() {
      const sorted = [...numbers].sort() // <- sort
      return sizeOf(sorted)
    },
  ],
  sqlite3All: [
    'listUsers',
    'better-sqlite3 Statement.all',
    function listUsers() {
      return sqlite3.prepare(query).all() // <- sqlite3All
    },
  ],
  sqlite3Rows: [
    'listEvents',
    'better-sqlite3 Statement.all',
    function listEvents() {
      return sqlite3.prepare(long).all() // <- sqlite3Rows
    },
  ],
  sqlite3Get: [
    'sumUsers',
    'better-sqlite3 Statement.get',
    function sumUsers() {
      return sqlite3Summing.get() // <- sqlite3Get
    },
  ],
  sqlite3Exec: [
    'migrateUsers',
    'better-sqlite3 Database.exec',
    function migrateUsers() {
      return sqlite3.exec(query) // <- sqlite3Exec
    },
  ],
  // Without interrupt checks and without a wrapper: the function is told, by what it does next.
  split: [
    'splitWords',
    null,
    function splitWords() {
      const split = sentence.split(/ /)
      return sizeOf(split) // <- split
    },
  ],
  replaceAll: [
    'replaceWords',
    null,
    function replaceWords() {
      const replaced = sentence.replaceAll('ab', 'xyz')
      return sizeOf(replaced) // <- replaceAll
    },
  ],
}
