// Busy a known share of its time: pieces of 15 ms in every 50 ms. Says on each line of stdin what it measured itself.
const PIECE_MS = 15
let turns = 0
let busy = 0
let longest = 0
/** The longest time from one piece to the next: any turn between them is shorter. */
let apart = 0
let last = performance.now()
const began = performance.now()

setInterval(() => {
  const start = performance.now()
  apart = Math.max(apart, start - last)
  last = start
  while (performance.now() - start < PIECE_MS);
  const ms = performance.now() - start
  turns++
  busy += ms
  longest = Math.max(longest, ms)
}, 50)

process.stdin.on('data', () => {
  const { utilization, active, idle } = performance.eventLoopUtilization()
  console.log(
    `measured ${JSON.stringify({ turns, busy, longest, apart: Math.max(apart, performance.now() - last), span: performance.now() - began, utilization, active, idle })}`,
  )
})
console.log('begun')
