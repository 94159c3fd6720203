/** The shop's database: one pool of ten connections, the tables, and something to sell. */
import pg from 'pg'

export const POOL_SIZE = 10

const SCHEMA = `
  create table if not exists products (id serial primary key, name text not null, price numeric(8, 2) not null);
  create table if not exists carts (id serial primary key, items jsonb not null, created timestamptz default now());
  create table if not exists orders (
    id serial primary key, tenant text not null, cart int, month int not null, total numeric(10, 2) not null,
    created timestamptz default now()
  );
  create table if not exists audit (id serial primary key, note varchar(40) not null, created timestamptz default now());
  create index if not exists orders_by_tenant on orders (tenant, month);`

const SEED = `
  insert into products (name, price)
    select (array['cup', 'plate', 'bowl', 'spoon', 'teapot'])[1 + n % 5] || ' no. ' || n, 3 + n % 40 from generate_series(1, 200) n;
  -- Every tenth cart is a long one: more items than the audit of a check-out has room for.
  insert into carts (items)
    select (
      select jsonb_agg(jsonb_build_object('product', item, 'quantity', 1 + n % 3))
      from generate_series(1, case when n % 10 = 0 then 12 else 2 end) item
    ) from generate_series(1, 100) n;
  insert into orders (tenant, cart, month, total)
    select (array['acme', 'globex', 'initech'])[1 + n % 3], 1 + n % 100, 1 + n / 3 % 12, 10 + n % 90 from generate_series(1, 12000) n;`

/** Any number: servers that start at the same time fill the database one after the other. */
const LOCK = 7_205_759

/** @param {string | undefined} url postgres://… */
export async function openDatabase(url) {
  if (!url) {
    throw new Error('DATABASE_URL is not set. `node examples/postgres.js` starts a PostgreSQL and prints its URL.')
  }
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE, application_name: 'shop' })
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', (error) => console.error(`shop: a database connection broke: ${error.message}`))
  try {
    await prepare(pool)
  } catch (cause) {
    await pool.end()
    throw new Error(`The database of DATABASE_URL does not answer: ${cause.message || cause.code}`, { cause })
  }
  return pool
}

async function prepare(pool) {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(`select pg_advisory_xact_lock(${LOCK})`)
    await client.query(SCHEMA)
    const { rowCount } = await client.query('select 1 from products limit 1')
    if (rowCount === 0) await client.query(SEED)
    await client.query('commit')
    client.release()
  } catch (error) {
    client.release(error)
    throw error
  }
}
