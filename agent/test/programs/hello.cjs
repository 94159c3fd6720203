const { basename } = require('node:path')

console.log(`${basename(__filename)}: agent ${Symbol.for('loopscope.agent') in globalThis}`)
