#!/usr/bin/env node
// Plain old syntax and no static import: an old Node must get as far as the message.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(
    `loopscope: needs Node.js 22.15 or newer; this is ${process.versions.node}. Get one from https://nodejs.org`,
  )
  process.exit(1)
}
import('../dist/main.js').then(
  ({ runProcess }) => runProcess(),
  (error) => {
    console.error(`loopscope: cannot start: ${error.message}`)
    process.exit(1)
  },
)
