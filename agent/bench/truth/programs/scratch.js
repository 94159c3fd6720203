/** A folder for the files of the planted blocks, and in it a dependency, as a package manager would have put it there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const folder = mkdtempSync(join(tmpdir(), 'ls-kinds-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const slowPackage = join(folder, 'node_modules/slow-package')
mkdirSync(slowPackage, { recursive: true })
writeFileSync(
  join(slowPackage, 'package.json'),
  JSON.stringify({ name: 'slow-package', version: '1.2.3', main: 'index.js' }),
)
writeFileSync(
  join(slowPackage, 'index.js'),
  `exports.crunch = function crunch(units) {
  let sum = 1
  for (let i = 0; i < units * 500000; i++) sum = (sum * 1103515245 + i) & 0x7fffffff
  return sum
}
`,
)

export const { crunch } = createRequire(join(folder, 'program.js'))('slow-package')
