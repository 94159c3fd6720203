// A program beside a worker that talks: it has something to do for 300 ms, then nothing more.
import { startWorker } from '../../dist/program/host.js'

startWorker(new URL('./talking-worker.js', import.meta.url), {}, () => {})
setTimeout(() => console.log('done'), 300)
