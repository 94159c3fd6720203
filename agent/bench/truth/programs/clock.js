/** The program's own clock, to which everything that it writes down refers: unix ms with fractions, monotonic. */
const hrtime = process.hrtime.bigint

/** Date.now() has whole ms: its next step is the moment to set the clock by. */
function epoch() {
  const before = Date.now()
  let unix = before
  while (unix === before) unix = Date.now()
  return unix - Number(hrtime()) / 1e6
}

const origin = epoch()

export function now() {
  return origin + Number(hrtime()) / 1e6
}

/** From the clock of performance entries. */
const performanceOrigin = now() - performance.now()

export function fromPerformance(time) {
  return performanceOrigin + time
}
