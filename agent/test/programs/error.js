// Programs that put their own prepareStackTrace and stackTraceLimit in place see them, unchanged, under captures.
let calls = 0
const prepare = (error, sites) => {
  calls++
  return `${error.message} in ${sites.length} frames`
}
Error.prepareStackTrace = prepare
Error.stackTraceLimit = 7

function deep(depth) {
  return depth === 0 ? new Error('planted').stack : deep(depth - 1)
}

let wrong = 0
let made = 0
function work() {
  const end = Date.now() + 300
  while (Date.now() < end) {
    made++
    if (deep(20) !== 'planted in 7 frames') wrong++
    if (Error.prepareStackTrace !== prepare || Error.stackTraceLimit !== 7) wrong++
  }
}
let round = 0
const timer = setInterval(() => {
  work()
  if (++round < 4) return
  clearInterval(timer)
  console.log(
    JSON.stringify({ wrong, made, calls, same: Error.prepareStackTrace === prepare, limit: Error.stackTraceLimit }),
  )
}, 20)
