import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PART } from '../protocol/events.ts'
import { WebsocketModel } from './websockets.ts'

const CHAT = `ws${PART}/chat`

test('totals become what was new in the last minute, and rates', () => {
  const model = new WebsocketModel()
  model.connections(CHAT, 0, 3, 1)
  model.since(CHAT, 0, 1000, 0)
  model.incoming(CHAT, 0, 10, 100)
  model.incoming(CHAT, 5000, 40, 900)
  model.outgoing(CHAT, 5000, 20, 50)
  const [row] = model.rows(10_000, 'one')
  assert.deepEqual([row!.library, row!.path, row!.connections, row!.opened, row!.closed], ['ws', '/chat', 2, 3, 1])
  assert.deepEqual([row!.messagesIn, row!.bytesIn, row!.messagesOut, row!.bytesOut], [40, 900, 20, 50])
  assert.deepEqual([row!.rateIn, row!.rateOut, row!.oldest], [4, 2, 9000])
  const [later] = model.rows(100_000, 'one')
  assert.deepEqual([later!.connections, later!.messagesIn, later!.opened], [2, 0, 0])
  assert.equal(model.totals().websockets![0]!.messagesIn, 40)
})

test('a lost event is healed by the next', () => {
  const model = new WebsocketModel()
  model.connections(CHAT, 0, 1, 0)
  model.connections(CHAT, 200, 5, 5)
  assert.equal(model.rows(300, 'one')[0]!.connections, 0)
})

test('a path that is over goes after a minute; its totals stay', () => {
  const model = new WebsocketModel()
  model.connections(CHAT, 0, 1, 1)
  assert.equal(model.rows(1000, 'one').length, 1)
  assert.deepEqual(model.rows(120_000, 'one'), [])
  assert.equal(model.totals().websockets!.length, 1)
})

test('handlers of all events of a namespace are in its row, what ran before them is not', () => {
  const model = new WebsocketModel()
  const orders = `socket.io${PART}/orders`
  const save = model.shown(orders + PART + 'save')
  assert.equal(save, 'socket.io /orders save')
  model.handled(save, 10, 4)
  model.handled(model.shown(orders + PART + 'drop'), 20, 8)
  model.handled(model.shown(orders + PART + '(middleware)'), 30, 500)
  model.handled('never told of', 30, 500)
  const [total, ...more] = model.totals().websockets!
  assert.deepEqual(more, [])
  assert.deepEqual([total!.path, total!.handler.count, total!.handler.max], ['/orders', 2, 8])
})

test('slow consumers are those of the last look', () => {
  const model = new WebsocketModel()
  model.connections(CHAT, 0, 2, 0)
  model.buffered(CHAT, 1000, 3_000_000, 1)
  model.since(CHAT, 1000, 10, 900)
  const [row] = model.rows(2000, 'one')
  assert.deepEqual([row!.buffered, row!.slow, row!.slowest], [3_000_000, 1, 1100])
  model.buffered(CHAT, 3000, 0, 0)
  model.since(CHAT, 3000, 10, 0)
  const [after] = model.rows(3000, 'one')
  assert.deepEqual([after!.buffered, after!.slow, after!.slowest], [0, 0, 0])
})
