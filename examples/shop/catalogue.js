/** One small file for each product, in a temp directory, for `readCatalogue`; SHOP_TEMP says where, if not in the system's. */
import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PRODUCTS = 300

/** @returns {Promise<{ paths: string[], remove(): void }>} */
export async function writeCatalogue() {
  const directory = await mkdtemp(join(process.env.SHOP_TEMP ?? tmpdir(), 'loopscope-shop-'))
  const description = 'Dishwasher-safe, and made to be dropped. '.repeat(50)
  const paths = Array.from({ length: PRODUCTS }, (_, index) => join(directory, `product-${index + 1}.json`))
  await Promise.all(paths.map((path, index) => writeFile(path, JSON.stringify({ id: index + 1, description }))))
  return { paths, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
