import assert from 'node:assert/strict'
import { test } from 'node:test'
import { socketDirectory, socketPath } from './local.ts'

const place = { platform: 'linux', uid: 1000, environment: {}, temporaryDirectory: '/tmp' }

test('a process is found in the runtime directory of its user, else in the temporary one', () => {
  assert.equal(socketPath(7, place), '/tmp/loopscope-1000/7.sock')
  const environment = { XDG_RUNTIME_DIR: '/run/user/1000' }
  assert.equal(socketPath(7, { ...place, environment }), '/run/user/1000/loopscope-1000/7.sock')
  assert.equal(socketDirectory({ ...place, uid: undefined }), '/tmp/loopscope-user')
})

test('on Windows it is a named pipe', () => {
  assert.equal(socketPath(7, { ...place, platform: 'win32' }), '\\\\.\\pipe\\loopscope-7')
})
