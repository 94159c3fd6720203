/**
 * The shop's mistakes, one function each, so that a profiler's answer can be read at a glance. All of them are seen in
 * real code. The figures in the comments are for one core of about 3 GHz.
 */
import { execSync } from 'node:child_process'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { showCart } from './storefront.js'

// ── what holds the event loop ────────────────────────────────────────────────────────────────────────────────────────

/** About 110 ms in a synchronous API; `pbkdf2` does the same in the thread pool. */
export function hashPassword(password) {
  const salt = randomBytes(16)
  const hash = pbkdf2Sync(String(password ?? ''), salt, 210_000, 64, 'sha512')
  return { salt: salt.toString('hex'), hash: hash.toString('hex') }
}

const COUPON = /^([A-Z0-9]+-?)+$/
// V8 interprets a regular expression the first time and compiles it the second: the first customer does not pay for it.
COUPON.test('WELCOME-2026')

/** Every letter before the one that does not fit doubles the time: 24 of them and a `!` take about 130 ms. */
export function validateCoupon(code) {
  return { code, valid: COUPON.test(code) }
}

/** About 80 ms: a deep copy by JSON, of a report that is large because nobody pages it. */
export function buildReport(tenant, orders) {
  const months = Array.from({ length: 12 }, (_, index) => ({ month: index + 1, orders }))
  const copy = JSON.parse(JSON.stringify(months))
  const totals = copy.map(({ month, orders }) => ({
    month,
    total: orders.reduce((sum, order) => (order.month === month ? sum + Number(order.total) : sum), 0),
  }))
  return { tenant, orders: orders.length, totals }
}

const LANGUAGES = 36

/** About 80 ms: 10,800 small reads, each product's file again for each language, while everybody waits for the disk. */
export function readCatalogue(paths) {
  let bytes = 0
  for (let language = 0; language < LANGUAGES; language++) {
    for (const path of paths) bytes += readFileSync(path).length
  }
  return { products: paths.length, bytes }
}

/** 150 ms in which this process only waits for another one. `sleep` stands for ImageMagick's `convert`. */
export function convertImage() {
  execSync('sleep 0.15')
  return { converted: true }
}

/** About 90 ms of JavaScript in one loop: work for a worker thread. */
export function priceEverything() {
  let best = { product: 0, day: 0, price: Infinity }
  for (let product = 1; product <= 11_000; product++) {
    for (let day = 1; day <= 365; day++) {
      const season = 1 + 0.2 * Math.sin((2 * Math.PI * day) / 365)
      const price = (product % 97) * season * Math.exp(-day / 900) + Math.sqrt(product)
      if (price < best.price) best = { product, day, price }
    }
  }
  return best
}

// ── what others wait for ─────────────────────────────────────────────────────────────────────────────────────────────

/** One connection for each month, all at once: twelve of a pool of ten, for 0.8 s; everybody else stands in line. */
export async function exportOrders(pool, tenant) {
  const months = Array.from({ length: 12 }, (_, index) => index + 1)
  const parts = await Promise.all(months.map((month) => exportMonth(pool, tenant, month)))
  return { tenant, months: parts }
}

async function exportMonth(pool, tenant, month) {
  const client = await pool.connect()
  try {
    await client.query('select pg_sleep(0.8)')
    const { rows } = await client.query(
      'select count(*)::int as orders, coalesce(sum(total), 0) as total from orders where tenant = $1 and month = $2',
      [tenant, month],
    )
    return { month, ...rows[0] }
  } finally {
    client.release()
  }
}

/** Three queries of 40 ms that do not need each other, one after the other: 120 ms where 40 would do. */
export async function dashboard(pool) {
  const products = await pool.query('select count(*)::int as n from products, pg_sleep(0.04)')
  const carts = await pool.query('select count(*)::int as n from carts, pg_sleep(0.04)')
  const orders = await pool.query('select count(*)::int as n from orders, pg_sleep(0.04)')
  return { products: products.rows[0].n, carts: carts.rows[0].n, orders: orders.rows[0].n }
}

// ── what goes on after the response ──────────────────────────────────────────────────────────────────────────────────

/** The audit is not awaited: it goes on for 0.3 s after the response, and for a long note it fails unseen. */
export async function checkout(pool, cartId) {
  const cart = await showCart(pool, cartId)
  const { rows } = await pool.query(
    "insert into orders (tenant, cart, month, total) values ('acme', $1, 1, 42) returning id",
    [cart.id],
  )
  writeAudit(pool, `order of ${cart.items.map((item) => `${item.quantity}x${item.product}`).join(', ')}`)
  return { order: rows[0].id }
}

/** The column holds 40 characters; a cart of many items does not fit and the insert is rejected. */
async function writeAudit(pool, note) {
  await pool.query('insert into audit (note) select $1::text || pause::text from pg_sleep(0.3) as pause', [note])
}

/** Answers at once and goes on for 30 s. Nothing limits how many go on at the same time, nobody hears of an error. */
export function sendNewsletter(signal) {
  deliverNewsletter(60, signal)
  return { recipients: 60, accepted: true }
}

async function deliverNewsletter(recipients, signal) {
  for (let sent = 0; sent < recipients && !signal.aborted; sent++) await sleep(500, null, { signal }).catch(() => {})
}

/** The same with timers that start one another: 20 reminders, one each second. */
export function scheduleReminders(signal, left = 20) {
  if (left === 0 || signal.aborted) return { scheduled: 0 }
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', cancel)
    scheduleReminders(signal, left - 1)
  }, 1000)
  const cancel = () => clearTimeout(timer)
  signal.addEventListener('abort', cancel, { once: true })
  return { scheduled: left }
}
