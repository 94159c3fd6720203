// A server whose start takes its time: it loads a package that is slow to load, in the directory PACKAGES.
const { createServer } = require('node:http')
const { Worker, isMainThread } = require('node:worker_threads')
const { join } = require('node:path')

const slow = require(join(process.env.PACKAGES, 'node_modules/slow-package'))
require(join(process.env.PACKAGES, 'node_modules/quick-package'))

if (isMainThread) {
  createServer((_, response) => response.end(String(slow))).listen(0, '127.0.0.1', function () {
    console.log(`port ${this.address().port}`)
  })
  if (process.env.THREAD) new Worker(__filename)
} else setInterval(() => {}, 1000)
