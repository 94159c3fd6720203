// One route for each way to hold the loop, each in a function of its own. The line that is to blame ends in `// <- route`.
import { execSync } from 'node:child_process'
import { pbkdf2Sync } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { setRoute } from '@loopscope/agent/api'

const big = join(tmpdir(), `loopscope-troubles-${process.pid}`)
const numbers = Array.from({ length: 400_000 }, (_, i) => (i * 7919) % 400_009)
const bytes = Buffer.alloc(30_000_000, 'loopscope is a profiler of the event loop. ')
const rows = Array.from({ length: 200_000 }, (_, i) => ({
  id: i,
  name: `product ${i}`,
  tags: ['a', 'b'],
  price: i / 100,
}))

function spin(ms) {
  const end = performance.now() + ms
  let count = 0
  while (performance.now() < end) count++ // <- loop
  return count
}

function checkCoupon() {
  return /^(a+)+$/.test('a'.repeat(22) + 'b') // <- regex
}

const byLastDigits = (a, b) => (a % 1000) - (b % 1000) || a - b // <- sort

function hashPassword() {
  return pbkdf2Sync('secret', 'salt', 200_000, 64, 'sha512') // <- pbkdf2
}

function packReport() {
  return gzipSync(bytes, { level: 9 }) // <- gzip
}

function readCatalogue() {
  const file = openSync(big, 'w')
  ftruncateSync(file, 300_000_000)
  closeSync(file)
  return readFileSync(big) // <- read
}

function convertImage() {
  return execSync('sleep 0.15') // <- exec
}

function waitForOther() {
  return Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150) // <- wait
}

function copyReport() {
  const text = JSON.stringify(rows)
  const copy = JSON.parse(text)
  return copy.length + text.length
}

const troubles = {
  loop: () => spin(150),
  long: () => spin(2000),
  regex: checkCoupon,
  sort: () => [...numbers].sort(byLastDigits),
  pbkdf2: hashPassword,
  gzip: packReport,
  read: readCatalogue,
  exec: convertImage,
  wait: waitForOther,
  json: copyReport,
}

const server = createServer((request, response) => {
  const name = request.url.slice(1)
  setRoute(`/${name}`)
  troubles[name]?.()
  response.end('ok')
})
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
process.on('exit', () => rmSync(big, { force: true }))
process.once('SIGTERM', () => process.exit())
