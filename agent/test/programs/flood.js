// Begins far more activities than the ring holds, in one turn, so that the worker cannot keep up with it.
import { withTask } from '@loopscope/agent/api'

let ended = 0
setTimeout(async () => {
  const tasks = []
  for (let i = 0; i < 300_000; i++) tasks.push(withTask('flood', () => ended++))
  await Promise.all(tasks)
  console.log(`ended ${ended}`)
}, 300)
process.stdin.resume()
