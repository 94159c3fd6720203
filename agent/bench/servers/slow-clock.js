/**
 * A preload for programs under valgrind, which run some fifty times slower: the clock that the agent takes
 * (process.hrtime, at its preload) goes as much slower, so that what it does once a millisecond stays as rare as it is.
 */
const FACTOR = 50
const hrtime = process.hrtime
const [originSeconds, originNanoseconds] = hrtime()

function slowHrtime() {
  const time = hrtime()
  const passed = ((time[0] - originSeconds) * 1e9 + time[1] - originNanoseconds) / FACTOR + originNanoseconds
  const seconds = Math.floor(passed / 1e9)
  time[0] = originSeconds + seconds
  time[1] = passed - seconds * 1e9
  return time
}

process.hrtime = Object.assign(slowHrtime, { bigint: hrtime.bigint })
