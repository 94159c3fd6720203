/** An agent that joins a collector: a real server of the collector, over TCP and over a socket. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Collector, InstanceModel, startServer, type RunningServer } from '@loopscope/collector'
import type { InstanceSnapshot } from '@loopscope/collector/protocol'
import { joinCollector } from './join.ts'

function snapshot(): InstanceSnapshot {
  const model = new InstanceModel(
    {
      id: 'host:7',
      service: 'shop',
      pid: 7,
      host: 'host',
      thread: 'main',
      node: '24.0.0',
      agent: '0.1.0',
      cwd: '/app',
      agentFile: '/agent.js',
      epoch: 0,
      startedAt: 0,
      thresholdMs: 50,
    },
    () => '',
  )
  return model.snapshot(Date.now())
}

interface Place {
  collector: Collector
  server: RunningServer
}

async function serve(t: TestContext, listen: string, token?: string): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'ls-join-'))
  const collector = new Collector()
  const socketPath = join(directory, 's.sock')
  const server = await startServer({
    collector,
    now: Date.now,
    version: '0.1.0',
    log: () => {},
    listen,
    socketPath,
    token,
  })
  t.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { collector, server }
}

function joins(t: TestContext, collector: string, token?: string): string[] {
  const lines: string[] = []
  const log = (_level: string, _cause: string, message: string) => void lines.push(message)
  const leave = joinCollector({ collector, token, version: '0.1.0', snapshots: () => [snapshot()], log })
  t.after(leave)
  return lines
}

async function until(what: string, look: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (look()) return
    await sleep(25)
  }
  assert.fail(`${what}: not within 10 s`)
}

const has = ({ collector }: Place) => collector.tables(Date.now()).instances.some((row) => row.id === 'host:7')

suite('an agent joins a collector', () => {
  test('over TCP, and sends its instances at once', async (t) => {
    const place = await serve(t, '127.0.0.1:0')
    const lines = joins(t, place.server.url!.replace('http', 'ws'))
    await until('the instance', () => has(place))
    assert.deepEqual(lines, [])
  })

  test('over a local socket', async (t) => {
    const place = await serve(t, 'unix')
    joins(t, `ws+unix:${place.server.socketPath!}`)
    await until('the instance', () => has(place))
  })

  test('with its token', async (t) => {
    const place = await serve(t, '127.0.0.1:0', 'secret')
    joins(t, place.server.url!.replace('http', 'ws'), 'secret')
    await until('the instance', () => has(place))
  })

  test('with a wrong token it is told why, and nothing is taken', async (t) => {
    const place = await serve(t, '127.0.0.1:0', 'secret')
    const lines = joins(t, place.server.url!.replace('http', 'ws'), 'wrong')
    await until('a line', () => lines.length > 0)
    assert.match(lines[0]!, /token/)
    assert.ok(!has(place))
  })

  test('that is not there yet, and tries again until it is', async (t) => {
    const first = await serve(t, '127.0.0.1:0')
    const { url } = first.server
    await first.server.close()
    const lines = joins(t, url!.replace('http', 'ws'))
    await until('a line', () => lines.length > 0)
    assert.match(lines[0]!, /ECONNREFUSED.*trying again/)
    const second = await serve(t, new URL(url!).host)
    await until('the instance', () => has(second))
  })
})
