import { basename } from 'node:path'

const name: string = basename(import.meta.filename)
console.log(`${name}: agent ${Symbol.for('loopscope.agent') in globalThis}`)
