import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTROL, createChannel, RING_CAPACITY } from '@loopscope/collector/protocol'
import { until } from '../testing/observe.ts'
import { ChannelReader } from '../testing/read-channel.ts'
import { now } from './clock.ts'
import { Recorder } from './recorder.ts'
import { MAX_PATHS, OTHER_PATHS, Sockets } from './sockets.ts'

function start() {
  const channel = createChannel()
  const recorder = new Recorder(channel)
  const sockets = new Sockets(recorder, { now, tellAfterMs: 5, lookEveryMs: 5 })
  sockets.start()
  return { channel, recorder, sockets, reader: new ChannelReader(channel) }
}

const nothing = (): number => 0

test('paths that clients make up share a row', async () => {
  const { sockets, reader } = start()
  for (let i = 0; i < MAX_PATHS + 50; i++) sockets.open(sockets.path('ws', `/made-up-${i}`, nothing), {})
  await until('the paths', () => (reader.read(), reader.sockets.size > 0))
  assert.equal(reader.sockets.size, MAX_PATHS + 1)
  assert.equal(reader.sockets.get(`ws ${OTHER_PATHS}`)!.opened, 50)
})

test('a closed connection is closed once', async () => {
  const { sockets, reader } = start()
  const connection = sockets.open(sockets.path('ws', '/a', nothing), {})
  sockets.close(connection)
  sockets.close(connection)
  await until('the end', () => (reader.read(), reader.sockets.get('ws /a')?.closed === 1))
})

test('what was told into a full ring is told again', async () => {
  const { channel, recorder, sockets, reader } = start()
  const path = sockets.path('ws', '/full', nothing)
  while ((channel.control[CONTROL.head]! - channel.control[CONTROL.tail]!) >>> 0 < RING_CAPACITY)
    recorder.record(30, 0, 0, 0, 4)
  sockets.close(sockets.open(path, {}))
  await until('the loss', () => channel.control[CONTROL.dropped]! > 0)
  await until('the truth', () => (reader.read(), reader.sockets.get('ws /full')?.closed === 1))
})

test('more connections than one look takes are all looked at, and one whose library throws has nothing waiting', async () => {
  const { sockets, reader } = start()
  const path = sockets.path('ws', '/many', () => 10)
  const connections = Array.from({ length: 12_000 }, () => sockets.open(path, {}))
  for (const connection of connections) sockets.watch(connection)
  const broken = sockets.path('ws', '/broken', () => {
    throw new Error('from the library')
  })
  sockets.watch(sockets.open(broken, {}))
  await until('all looks', () => (reader.read(), reader.sockets.get('ws /many')?.buffered === 120_000))
  for (const connection of connections) sockets.close(connection)
  await until('the end', () => (reader.read(), reader.sockets.get('ws /many')?.buffered === 0))
  assert.equal(reader.sockets.get('ws /broken')!.buffered, 0)
})
