import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { sampledProfile } from '../testing/profile.ts'
import { speedscope } from './speedscope.ts'

interface File {
  shared: { frames: { name: string; file?: string; line?: number }[] }
  profiles: { name: string; unit: string; endValue: number; samples: number[][]; weights: number[] }[]
}

const schema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('speedscope/dist/release/file-format-schema.json'), 'utf8'),
) as object
const isValid = new Ajv({ strict: false, allErrors: true }).compile(schema)

function written(...ids: string[]): File {
  const file = JSON.parse(speedscope(ids.map((id) => sampledProfile(id)))) as File
  assert.ok(isValid(file), JSON.stringify(isValid.errors))
  return file
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)

test("the file follows speedscope's schema, which refuses what is not one", () => {
  const file = written('a')
  assert.ok(!isValid({ ...file, profiles: [{ ...file.profiles[0], weights: ['1'] }] }))
  assert.ok(!isValid({ ...file, shared: undefined }))
})

test('every sample has a weight, and all of them are the busy time', () => {
  for (const profile of written('a').profiles) {
    assert.equal(profile.samples.length, profile.weights.length)
    assert.ok(Math.abs(sum(profile.weights) - profile.endValue) < 0.01)
    assert.equal(profile.unit, 'milliseconds')
  }
  const [all] = written('a').profiles
  assert.equal(all!.samples.length, 250)
  assert.ok(Math.abs(all!.endValue - 7100) < 0.01)
})

test('stacks are outermost first, async frames are marked', () => {
  const { shared, profiles } = written('a')
  const names = profiles[0]!.samples[0]!.map((place) => shared.frames[place]!)
  assert.deepEqual(
    names.map(({ name, file, line }) => `${name} ${file}:${line}`),
    ['async getReport src/report.ts:12', 'hashPassword src/report.ts:41', 'pbkdf2Sync node:internal/crypto/pbkdf2:62'],
  )
  const native = shared.frames.find((frame) => frame.name === 'stringify')!
  assert.deepEqual(native, { name: 'stringify' })
})

test('each route is a profile of its own, most time first, of each instance', () => {
  const { profiles, shared } = written('a', 'b')
  assert.deepEqual(
    profiles.slice(0, 5).map(({ name, samples }) => [name, samples.length]),
    [
      ['shop-api 4242', 250],
      ['shop-api 4242: GET /report', 120],
      ['shop-api 4242: POST /coupon', 60],
      ['shop-api 4242: GET /cart/:id', 60],
      ['shop-api 4242: outside of requests', 10],
    ],
  )
  assert.equal(profiles.length, 10)
  for (const place of profiles.flatMap(({ samples }) => samples.flat())) assert.ok(place < shared.frames.length)
})
