/** One micro-benchmark in a process of its own: what another one made V8 optimise, or give up, does not count here. */
import type { Plan } from '../support/micro.ts'
import { MICRO_BENCHES } from './all.ts'

const [name, rounds, scale] = process.argv.slice(2)
const bench = MICRO_BENCHES.find((one) => one.name === name)
if (!bench) throw new Error(`there is no micro-benchmark "${name}"`)
const plan: Plan = { rounds: Number(rounds), scale: Number(scale) }
process.send!(await bench.run(plan))
