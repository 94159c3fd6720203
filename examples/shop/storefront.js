/** What a shop does all day, done well: short queries, no work on the loop worth mentioning. */

/** An answer other than 200; both frameworks take the status from `statusCode`. */
class Refusal extends Error {
  constructor(statusCode, message) {
    super(message)
    this.statusCode = statusCode
  }
}

export async function listProducts(pool) {
  const { rows } = await pool.query('select id, name, price from products order by id limit 20')
  return rows
}

export async function findProduct(pool, id) {
  const { rows } = await pool.query('select id, name, price from products where id = $1', [wholeNumber(id)])
  return rows[0] ?? refuse(404, 'no such product')
}

/** @param {{ items: { product: number, quantity: number }[] }} cart the JSON body */
export async function createCart(pool, cart) {
  const items = cart?.items
  if (!Array.isArray(items) || items.length === 0 || items.length > 50) {
    refuse(400, 'a cart is {"items": [{"product": 1, "quantity": 2}, ...]} with 1 to 50 items')
  }
  const clean = items.map((item) => ({ product: wholeNumber(item?.product), quantity: wholeNumber(item?.quantity) }))
  const { rows } = await pool.query('insert into carts (items) values ($1) returning id', [JSON.stringify(clean)])
  return { id: rows[0].id, items: clean }
}

export async function showCart(pool, id) {
  const { rows } = await pool.query('select id, items from carts where id = $1', [wholeNumber(id)])
  return rows[0] ?? refuse(404, 'no such cart')
}

export async function listOrders(pool, tenant) {
  const { rows } = await pool.query('select id, month, total, created from orders where tenant = $1 limit 4000', [
    tenant,
  ])
  return rows
}

/** What a load balancer asks: it answers from memory, so its delay is the delay of the loop. */
export function health(pool) {
  return { status: 'ok', pool: { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount } }
}

function wholeNumber(text) {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 && number < 2 ** 31
    ? number
    : refuse(400, 'not a positive whole number')
}

function refuse(statusCode, message) {
  throw new Refusal(statusCode, message)
}
