/** The example shop with a real PostgreSQL, under the agent, and the load on it. */
import { fileURLToPath } from 'node:url'
import type { Cleanup } from './cleanup.ts'
import { freePort, start, type Running } from './process.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Shop {
  /** Where the shop answers. */
  url: string
  /** Where its agent answers: host and port. */
  agent: string
  process: Running
}

export async function startShop(cleanup: Cleanup): Promise<Shop> {
  const { startPostgres } = (await import('../../examples/shop/postgres.js')) as {
    startPostgres(): Promise<{ url: string; stop(): Promise<void> }>
  }
  const postgres = await startPostgres()
  cleanup.add('PostgreSQL', () => postgres.stop())

  const agent = `127.0.0.1:${await freePort()}`
  const server = start('the shop', process.execPath, ['--import', 'agent', 'examples/express/server.js'], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATABASE_URL: postgres.url, LOOPSCOPE_LISTEN: agent },
  })
  cleanup.add('the shop', () => server.stop())
  const url = await server.until('it listens', () => /listening on (http:\/\/[\d.]+:\d+)/.exec(server.output())?.[1])
  await server.until('its agent answers', async () => {
    const response = await fetch(`http://${agent}/healthz`).catch(() => undefined)
    return response?.ok ? true : undefined
  })
  return { url, agent, process: server }
}

export function startLoad(cleanup: Cleanup, shop: Shop, seconds: number): Running {
  const load = start('the load', process.execPath, ['examples/load.js', shop.url, '--seconds', String(seconds)], {
    cwd: ROOT,
  })
  cleanup.add('the load', () => load.stop())
  return load
}

/**
 * Holds the shop's loop for about so many seconds, by a coupon: each letter more doubles what the regular expression
 * takes, so the number of letters is found on the machine at hand. Resolves when the loop is free again.
 */
export async function blockLoop(shop: Shop, seconds: number): Promise<{ heldMs: number }> {
  let letters = 20
  let took = await coupon(shop, letters)
  while (took < seconds * 1000) {
    letters += Math.max(1, Math.round(Math.log2((seconds * 1000) / took)))
    took = await coupon(shop, letters)
  }
  return { heldMs: took }
}

async function coupon(shop: Shop, letters: number): Promise<number> {
  const from = performance.now()
  const response = await fetch(`${shop.url}/coupons/${'A'.repeat(letters)}!`)
  await response.arrayBuffer()
  return performance.now() - from
}
