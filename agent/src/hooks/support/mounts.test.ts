import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestCandidate, Mounts } from './mounts.ts'

const [root, api, users] = [{}, {}, {}]

test('a route without a mount is its own path, and "/" adds nothing', () => {
  const mounts = new Mounts()
  assert.deepEqual(mounts.candidates(root, '/x'), [{ prefix: '', template: '/x' }])
  assert.equal(mounts.candidates(root, '/')[0]!.template, '/')
  mounts.add(api, root, '/api/')
  assert.equal(mounts.candidates(api, '/')[0]!.template, '/api/')
  assert.equal(mounts.candidates(api, '/x')[0]!.template, '/api/x')
  assert.equal(mounts.candidates(api, '/*')[0]!.template, '/api/*')
})

test('a router that is mounted in itself does not hang, and a crowd of mounts is cut', () => {
  const mounts = new Mounts()
  mounts.add(api, api, '/again')
  assert.ok(mounts.candidates(api, '/x').length >= 1)
  for (let i = 0; i < 100; i++) mounts.add(users, root, `/${i}`)
  assert.equal(mounts.candidates(users, '/x').length, 32)
})

test('literal segments beat parameters, and patterns come last', () => {
  const of = (prefixes: string[], url: string): string =>
    prefixes[
      bestCandidate(
        prefixes.map((prefix) => ({ prefix, template: '' })),
        url,
      )
    ]!
  assert.equal(of(['/:tenant', '/api'], '/api'), '/api')
  assert.equal(of(['/:tenant', '/api'], '/other'), '/:tenant')
  assert.equal(of(['/a{/:x}', '/a/:x'], '/a/1'), '/a/:x')
  assert.equal(of(['/b', '/a{/:x}'], '/a'), '/a{/:x}')
  assert.equal(of(['/b', '/c'], '/none'), '/b')
})
