import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, pathOf } from './socket-names.ts'

test('a path is told without its query, and without what names one of many', () => {
  for (const [url, path] of [
    ['/chat?token=secret', '/chat'],
    ['/chat#x', '/chat'],
    ['', '/'],
    [undefined, '/'],
    ['/?a=/b', '/'],
    ['http://host:1/live/42', '/live/:id'],
    ['/v1/rooms/0b9f54c6-5b7c-4c9a-9a7e-2f5b1f0c6a11', '/v1/rooms/:id'],
    ['/feed/eyJhbGciOiJIUzI1NiJ9.e30.x7', '/feed/:id'],
    [`/${'x'.repeat(60)}`, '/:id'],
    ['/socket.io/', '/socket.io/'],
    ['/notifications-and-more', '/notifications-and-more'],
  ] as const)
    assert.equal(pathOf(url), path)
})

test('bytes of all that can be sent and received', () => {
  for (const [data, bytes] of [
    ['grüße', 7],
    [123, 3],
    [Buffer.alloc(5), 5],
    [new ArrayBuffer(6), 6],
    [new Float64Array(2), 16],
    [[Buffer.alloc(2), Buffer.alloc(3)], 5],
    [['4text', Buffer.alloc(3)], 8],
    [new Blob(['four']), 4],
    [undefined, 0],
    [null, 0],
  ] as const)
    assert.equal(bytesOf(data), bytes)
})
