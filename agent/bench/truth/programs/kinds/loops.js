/**
 * Blocks in JavaScript itself. A line that may be blamed ends in an arrow to the kind's name. The amount of work is given in
 * units, of which one is meant to take about a ms; the program measures, and asks for more or fewer the next time.
 */
import { createHash } from 'node:crypto'
import { crunch } from '../scratch.js'

function sumPrices(units) {
  let sum = 1
  for (let i = 0; i < units * 500_000; i++) {
    // <- loop
    sum = (sum * 1103515245 + i) & 0x7fffffff // <- loop
  }
  return sum
}

// The check at a function's entry has the line of its head.
function depthOf(level) {
  // <- recursion
  return level === 0 ? 0 : 1 + depthOf(level - 1) // <- recursion
}

function walkTree(units) {
  let sum = 0
  for (let i = 0; i < units * 200; i++) {
    // <- recursion
    sum += depthOf(400) // <- recursion
  }
  return sum
}

function isCoupon(units) {
  return /a*b/.test('a'.repeat(Math.sqrt(units * 800_000))) // <- regex
}

const numbers = Array.from({ length: 400_000 }, (_, i) => (i * 7919) % 400_009)
const byLastDigits = (a, b) => (a % 1000) - (b % 1000) || a - b // <- sort

function sortOrders(units) {
  return numbers.slice(0, units * 1500).sort(byLastDigits) // <- sort
}

function buildReport(units) {
  let text = ''
  for (let i = 0; i < units * 3000; i++) {
    // <- strings
    text += `${i};product ${i % 97};` // <- strings
    if (i % 1000 === 0) text = text.replaceAll('product 1', 'item').slice(-5000) // <- strings
  }
  return text.length
}

function chainHashes(units) {
  let hash = 'seed'
  for (let i = 0; i < units * 250; i++) {
    // <- hash-loop
    hash = createHash('sha256').update(hash).digest('hex') // <- hash-loop
  }
  return hash
}

function priceOf(units) {
  return crunch(units) // <- dependency
}

const js = ['js']

export const loops = [
  { name: 'loop', functions: ['sumPrices'], api: null, causes: js, block: sumPrices },
  { name: 'recursion', functions: ['depthOf', 'walkTree'], api: null, causes: js, block: walkTree },
  { name: 'regex', functions: ['isCoupon'], api: '^RegExp\\.test$', causes: js, block: isCoupon },
  // The comparator is the user's code too; only the call says who called it.
  { name: 'sort', functions: ['byLastDigits', 'sortOrders'], api: '^(Array\\.sort)?$', causes: js, block: sortOrders },
  { name: 'strings', functions: ['buildReport'], api: '^(String\\..*)?$', causes: js, block: buildReport },
  {
    name: 'hash-loop',
    functions: ['chainHashes'],
    api: '^(crypto\\..*)?$',
    causes: ['js', 'sync-call'],
    block: chainHashes,
  },
  { name: 'dependency', functions: ['priceOf'], api: null, package: 'slow-package', causes: js, block: priceOf },
]
