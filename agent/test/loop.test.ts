/** The loop's numbers against what the program measures itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from './support/program.ts'

interface Measured {
  turns: number
  busy: number
  longest: number
  apart: number
  span: number
  utilization: number
  active: number
  idle: number
}

test('utilisation, turns and the longest turn of a program that is busy for 15 of every 50 ms', async (t) => {
  const running = start(t, 'duty.js', { environment: { LOOPSCOPE_BLOCK_MS: '1000' } })
  await running.printed(/begun/)
  await running.ready()
  await sleep(4000)
  running.child.stdin!.write('\n')
  const measured = JSON.parse((await running.printed(/^measured (.*)$/m))[1]!) as Measured
  const [loop] = await running.table('loop')
  const { utilization, longestTurn, turnsPerSecond, delay } = loop!
  t.diagnostic(`utilisation ${utilization.toFixed(3)}, Node says ${measured.utilization.toFixed(3)}`)
  t.diagnostic(`longest turn ${longestTurn.toFixed(1)} ms, the program says ${measured.longest.toFixed(1)}`)

  // libuv's own account of idle time is the same source for both: they differ by the time between the two readings.
  assert.ok(Math.abs(utilization - measured.utilization) < 0.05)
  assert.ok(utilization > 0.25, 'not less than the program does')
  assert.ok(
    longestTurn >= measured.longest - 0.1 && longestTurn < measured.apart + measured.longest,
    `${longestTurn} ms`,
  )
  const perSecond = (measured.turns / measured.span) * 1000
  // Each piece is a turn; the two requests and the start make a few more.
  assert.ok(turnsPerSecond > perSecond * 0.8 && turnsPerSecond < perSecond * 2 + 5, `${turnsPerSecond} of ${perSecond}`)
  // Whatever arrives at a random instant of the 15 ms waits for 7.5 ms in the mean.
  assert.ok(delay.p50 < 5 && delay.p99 > 10 && delay.p99 <= longestTurn, JSON.stringify(delay))

  const { body } = await running.ask('/metrics')
  const value = (name: string): number =>
    [...body.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    )
  const count = value('loopscope_eventloop_turn_duration_seconds_count')
  assert.ok(count >= measured.turns && count < measured.turns * 2 + 60, `${count} of ${measured.turns} turns`)
  const time = value('nodejs_eventloop_time_seconds_total')
  assert.ok(time > 3.5 && time < measured.span / 1000 + 3, `${time} s of the loop in ${measured.span} ms`)
})
