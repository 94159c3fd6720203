// Code without a file of its own holds the loop: eval, new Function and a vm context.
import { runInNewContext } from 'node:vm'

const code = 'const end = Date.now() + 120; let n = 0; while (Date.now() < end) n++; n'
const ways = [() => (0, eval)(code), () => new Function(code)(), () => runInNewContext(code, { Date })]
let next = 0
const timer = setInterval(() => {
  const way = ways[next++]
  if (way) way()
  else if (next === 30) clearInterval(timer)
}, 100)
console.log('begun')
