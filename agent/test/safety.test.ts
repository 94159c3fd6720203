/** The short form of `npm run bench:safety`, which takes larger programs, and Node 22 and 26 as well. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { PROGRAMS, type SafetyProgram } from '../bench/safety/programs.ts'
import { differences, runProgram, type Outcome } from '../bench/safety/run.ts'

/** Many more than the agent takes by itself. */
const RATE = 1500

async function runOn(t: TestContext, program: SafetyProgram, rate: number): Promise<Outcome> {
  let kill = (): void => {}
  t.after(() => kill())
  return runProgram(program, { node: process.execPath, rate, timeoutMs: 120_000, onStart: (end) => (kill = end) })
}

suite('a program on top of whose code captures run', () => {
  test('keeps its values, order, errors, contexts, time limits, and is not called', async (t) => {
    const { end, stdout, stderr, marks, captures } = await runOn(t, PROGRAMS.torture, RATE)
    t.diagnostic(`${captures} captures`)
    assert.doesNotMatch(stdout, /BROKEN/)
    assert.deepEqual([end, stderr], ['0', ''], stdout)
    assert.ok(marks.length > 30)
    const missed = marks.filter((mark) => mark.captures === 0).map(({ name }) => name)
    // This one only looks back.
    const others = missed.filter((name) => name !== 'at the end of it all Error is as it was')
    assert.deepEqual(others, [], 'the checks into which no capture fell')
  })

  test('writes the same, byte for byte', async (t) => {
    const { args, ...prettier } = PROGRAMS.prettier
    const file = 'agent/src/program/activity.ts'
    const one: SafetyProgram = { ...prettier, args: () => [args()[0]!, file] }
    const without = await runOn(t, one, 0)
    const captured = await runOn(t, one, RATE)
    t.diagnostic(`${captured.captures} captures`)
    assert.deepEqual([without.end, without.captures], ['0', 0])
    assert.match(without.stdout, /export class Activities/)
    assert.ok(captured.captures > 20)
    assert.deepEqual(differences(without, captured), [])
  })
})

test('a difference of each kind is found', () => {
  const same: Outcome = {
    end: '0',
    stdout: 'a\nb\n',
    stderr: '',
    files: new Map([['a', '1']]),
    seconds: 1,
    captures: 0,
    observedSeconds: 0,
    processes: 0,
    marks: [],
  }
  assert.deepEqual(differences(same, { ...same, captures: 9, seconds: 2 }), [])
  assert.deepEqual(
    differences(same, { ...same, end: 'SIGSEGV', stdout: 'a\nc\n', stderr: 'oh', files: new Map([['b', '1']]) }),
    [
      'ended with SIGSEGV, not 0',
      'stdout, line 2, column 1: "c", not "b"',
      'stderr, line 1, column 1: "oh", not ""',
      'the file a',
    ],
  )
  assert.deepEqual(differences(same, { ...same, files: new Map([['a', '2']]) }), ['the file a'])
})
