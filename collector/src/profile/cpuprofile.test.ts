import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampledProfile } from '../testing/profile.ts'
import { cpuprofile } from './cpuprofile.ts'

interface Node {
  id: number
  callFrame: { functionName: string; scriptId: string; url: string; lineNumber: number; columnNumber: number }
  hitCount: number
  children: number[]
  positionTicks?: { line: number; ticks: number }[]
}

interface File {
  nodes: Node[]
  startTime: number
  endTime: number
  samples: number[]
  timeDeltas: number[]
}

const profile = sampledProfile()
const file = JSON.parse(cpuprofile(profile)) as File

/** As DevTools reckon it: a sample runs until the next one begins. */
function selfTimes({ samples, timeDeltas, startTime, endTime }: File): Map<number, number> {
  const begins: number[] = []
  let time = startTime
  for (const delta of timeDeltas) begins.push((time += delta))
  const times = new Map<number, number>()
  samples.forEach((id, i) => times.set(id, (times.get(id) ?? 0) + (begins[i + 1] ?? endTime) - begins[i]!))
  return times
}

test('the nodes are one tree: every id once, every node but the root with one parent', () => {
  const ids = file.nodes.map((node) => node.id)
  assert.equal(new Set(ids).size, ids.length)
  const children = file.nodes.flatMap((node) => node.children)
  assert.equal(new Set(children).size, children.length)
  assert.deepEqual(
    [...children].sort((a, b) => a - b),
    ids.filter((id) => id !== file.nodes[0]!.id),
  )
  assert.equal(file.nodes[0]!.callFrame.functionName, '(root)')
  for (const { callFrame, hitCount, positionTicks = [] } of file.nodes) {
    for (const key of ['functionName', 'scriptId', 'url'] as const) assert.equal(typeof callFrame[key], 'string')
    for (const key of ['lineNumber', 'columnNumber'] as const) assert.ok(Number.isInteger(callFrame[key]))
    assert.equal(
      positionTicks.reduce((sum, { ticks }) => sum + ticks, 0),
      callFrame.lineNumber < 0 ? 0 : hitCount,
    )
  }
})

test('samples are nodes, with one whole delta each, none of them backwards, within the times of the profile', () => {
  const ids = new Set(file.nodes.map((node) => node.id))
  assert.equal(file.samples.length, file.timeDeltas.length)
  assert.ok(file.samples.every((id) => ids.has(id)))
  assert.ok(file.timeDeltas.every((delta) => Number.isInteger(delta) && delta >= 0))
  const length = file.timeDeltas.reduce((sum, delta) => sum + delta, 0)
  assert.ok(file.startTime + length <= file.endTime)
  assert.ok(Math.abs(file.startTime / 1000 - profile.timeline.at[0]!) < 1)
  assert.ok(file.endTime / 1000 >= profile.until - 1)
})

test('self times are the ms that the samples stand for; the rest is idle', () => {
  const times = selfTimes(file)
  const ofName = (name: string) =>
    file.nodes
      .filter((node) => node.callFrame.functionName === name)
      .reduce((sum, { id }) => sum + (times.get(id) ?? 0), 0)
  const near = (name: string, ms: number) =>
    assert.ok(Math.abs(ofName(name) / 1000 - ms) < 1, `${name} ${ofName(name)}`)
  near('pbkdf2Sync', (7100 * 12) / 25)
  near('validateCoupon', (7100 * 9) / 25)
  near('stringify', (7100 * 4) / 25)
  near('(idle)', (file.endTime - file.startTime) / 1000 - 7100)
  assert.equal(ofName('hashPassword'), 0)
})

test('frames are found by their files: lines from 0, urls that are whole, natives without a place', () => {
  const frame = (name: string) => file.nodes.find((node) => node.callFrame.functionName === name)!.callFrame
  assert.deepEqual(
    { ...frame('hashPassword'), scriptId: '' },
    {
      functionName: 'hashPassword',
      scriptId: '',
      url: 'file:///srv/shop/src/report.ts',
      lineNumber: 40,
      columnNumber: 8,
    },
  )
  assert.equal(frame('async getReport').scriptId, frame('hashPassword').scriptId)
  assert.notEqual(frame('getCart').scriptId, frame('hashPassword').scriptId)
  assert.equal(frame('emit').url, 'node:events')
  assert.deepEqual([frame('stringify').url, frame('stringify').lineNumber], ['', -1])
})
