/** Whole screens kept as readable text beside the test; UPDATE_GOLDEN=1 writes them anew, to be read before they are kept. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Line } from '../views/line.ts'
import { textOf } from '../views/line.ts'

export function matchesGolden(file: URL, actual: string): void {
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(file.pathname), { recursive: true })
    writeFileSync(file, actual)
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `differs from ${file.pathname}; UPDATE_GOLDEN=1 takes it over`)
}

export function screenText(lines: Line[]): string {
  return lines.map((line) => `${textOf(line).trimEnd()}\n`).join('')
}
