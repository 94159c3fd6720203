import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServerError } from './errors.ts'
import { isLoopback, parseListenAddress, urlOf } from './listen-address.ts'

test('an address is host:port, off or unix', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:9464'), { kind: 'tcp', host: '127.0.0.1', port: 9464 })
  assert.deepEqual(parseListenAddress(' localhost:0 '), { kind: 'tcp', host: '127.0.0.1', port: 0 })
  assert.deepEqual(parseListenAddress('[::1]:80'), { kind: 'tcp', host: '::1', port: 80 })
  assert.deepEqual(parseListenAddress('off'), { kind: 'off' })
  assert.deepEqual(parseListenAddress('unix'), { kind: 'unix' })
})

test('anything else is an error that says what is allowed', () => {
  for (const text of [
    '',
    '9464',
    ':9464',
    'http://127.0.0.1:9464',
    '127.0.0.1:65536',
    '127.0.0.1:x',
    '::1:80',
    '[nonsense]:80',
  ]) {
    assert.throws(
      () => parseListenAddress(text),
      (error) => error instanceof ServerError && /write host:port/.test(error.message),
    )
  }
})

test('loopback is 127.0.0.0/8, ::1 and localhost, and no name that only looks like it', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'LOCALHOST'])
    assert.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.example', 'localhost.evil.example', '127.1', '']) {
    assert.ok(!isLoopback(host), host)
  }
})

test('the url is one that can be opened', () => {
  assert.equal(urlOf('127.0.0.1', 1), 'http://127.0.0.1:1')
  assert.equal(urlOf('0.0.0.0', 1), 'http://127.0.0.1:1')
  assert.equal(urlOf('::', 1), 'http://[::1]:1')
})
