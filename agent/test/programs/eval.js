// Code without a file of its own holds the loop: eval, new Function and a vm context, once for each line on stdin.
import { runInNewContext } from 'node:vm'

const code = 'const end = Date.now() + 150; let n = 0; while (Date.now() < end) n++; n'

function byEval() {
  return (0, eval)(`{ ${code} }`)
}
function byFunction() {
  return new Function(code)()
}
function byContext() {
  return runInNewContext(code, { Date })
}

process.stdin.on('data', () => {
  for (const [i, way] of [byEval, byFunction, byContext].entries()) setTimeout(way, 250 * i)
})
