// Two functions with known shares of the work: 3 to 1. It is counted, not timed, and no piece of it is a block.
const PIECE = 1_000_000

function heavy() {
  let sum = 0
  for (let i = 0; i < 3 * PIECE; i++) sum += Math.sqrt(i)
  return sum
}

function light() {
  let sum = 0
  for (let i = 0; i < PIECE; i++) sum += Math.sqrt(i)
  return sum
}

setInterval(heavy, 10)
setInterval(light, 10)
console.log('begun')
