import { basename } from 'node:path'

console.log(`${basename(import.meta.filename)}: agent ${Symbol.for('loopscope.agent') in globalThis}`)
