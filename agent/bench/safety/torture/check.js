/** One check: what it says goes to stdout, and is the same whether captures are taken or not. */
const safety = globalThis[Symbol.for('loopscope.bench.safety')]
/** Before anything is replaced. */
const now = performance.now.bind(performance)
const taken = safety === undefined ? () => 0 : safety.taken
const { is } = Object
const json = JSON.stringify

/** Holds the thread, calling nothing of the platform, until this many captures fell into it; without captures for 1 ms. */
export function spin(captures = 2) {
  const goal = taken() + captures
  const until = now() + (safety === undefined ? 1 : 10_000)
  let x = 1
  while (now() < until) {
    for (let i = 0; i < 500; i++) x = (x * 16807) % 2147483647
    if (safety !== undefined && taken() >= goal) return
  }
  if (safety !== undefined) stalled = true
}
let stalled = false

/** `body` is given `expect(what, actual, expected)`. */
export async function check(name, body) {
  const wrong = new Map()
  const expect = (what, actual, expected) => {
    if (!is(actual, expected) && !wrong.has(what)) wrong.set(what, [actual, expected])
  }
  const before = taken()
  try {
    await body(expect)
  } catch (error) {
    wrong.set('it throws', [String(error), 'nothing'])
  }
  if (stalled) wrong.set('captures', ['no longer taken', 'taken'])
  stalled = false
  safety?.mark(name, taken() - before)
  const lines = [...wrong].map(([what, [actual, expected]]) => `\n  ${what}: ${json(actual)}, not ${json(expected)}`)
  console.log(`${wrong.size === 0 ? 'ok ' : 'BROKEN'} ${name}${lines.join('')}`)
  if (wrong.size > 0) process.exitCode = 1
}

export function times(n, body) {
  for (let i = 0; i < n; i++) body(i)
}
