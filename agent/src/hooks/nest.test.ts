/** Nest's routes are those of its platform; this says that all that Nest puts before them is in them. */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { observe } from '../testing/observe.ts'
import { answer, pipelined, routeOf } from '../testing/route.ts'
import { express } from './express.ts'
import { fastify } from './fastify.ts'
import { http } from './http.ts'
import { nest } from './nest.ts'

type Decorator = (target: object, key?: string, descriptor?: PropertyDescriptor) => unknown
type Class = new (...args: never[]) => object
type Decorate = (...args: never[]) => Decorator

interface Application {
  setGlobalPrefix(prefix: string, options?: object): void
  enableVersioning(options: object): void
  init(): Promise<void>
  getHttpServer(): Server
  getHttpAdapter(): { getInstance(): { ready(): Promise<void> } }
  close(): Promise<void>
}

const observed = observe([http, fastify], [express, nest])
const { reader, activities } = observed
after(observed.stop)

const require = createRequire(import.meta.url)
require('reflect-metadata')
const common = require('@nestjs/common') as Record<string, Decorate> & {
  VersioningType: { URI: number }
  Scope: { REQUEST: number }
  ForbiddenException: Class
  RequestMethod: { GET: number }
}
const { NestFactory } = require('@nestjs/core') as {
  NestFactory: { create(module: Class, adapter: object, options: object): Promise<Application> }
}
const decorate = common as unknown as Record<string, (...args: unknown[]) => Decorator>

/** What TypeScript makes of decorators on a class and its methods. */
function decorated(target: Class, own: Decorator[], methods: Record<string, Decorator[]> = {}): Class {
  for (const [name, decorators] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)!
    for (const each of decorators) each(target.prototype as object, name, descriptor)
  }
  for (const each of own) each(target)
  return target
}

const here = (): string => reader.name(activities.current()!.route)

class Refuse {
  canActivate(): boolean {
    return false
  }
}
class Pass {
  async canActivate(): Promise<boolean> {
    await sleep(1)
    return true
  }
}
class Cats {
  list(): string {
    return here()
  }
  async one(): Promise<string> {
    await sleep(20)
    return here()
  }
  quick(): string {
    return here()
  }
  broken(): void {
    throw new Error('expected by the test')
  }
  refused(): string {
    return 'never'
  }
}
class Versioned {
  first(): string {
    return here()
  }
  second(): string {
    return here()
  }
}
class PerRequest {
  get(): string {
    return here()
  }
}
class Health {
  get(): string {
    return here()
  }
}
class Module {}

const { Get, Post, Controller, Version, UseGuards } = decorate as Record<string, (...args: unknown[]) => Decorator>
decorated(Cats, [Controller!('cats'), UseGuards!(Pass)], {
  list: [Get!()],
  one: [Get!('slow/:id')],
  quick: [Post!(':id/toys/:toy')],
  broken: [Get!('broken/:id')],
  refused: [Get!('refused/:id'), UseGuards!(Refuse)],
})
decorated(Versioned, [Controller!({ path: 'dogs/:owner' })], {
  first: [Get!(':id'), Version!('1')],
  second: [Get!(':id'), Version!('2')],
})
decorated(PerRequest, [Controller!({ path: 'scoped', scope: common.Scope.REQUEST })], { get: [Get!(':id')] })
decorated(Health, [Controller!('health')], { get: [Get!()] })
decorated(Module, [decorate['Module']!({ controllers: [Cats, Versioned, PerRequest, Health] })])

for (const platform of ['express', 'fastify'] as const) {
  const Adapter = Object.entries(require(`@nestjs/platform-${platform}`) as Record<string, new () => object>).find(
    ([name]) => /^(Express|Fastify)Adapter$/.test(name),
  )![1]

  suite(`Nest on ${platform}`, async () => {
    const app = await NestFactory.create(Module, new Adapter(), { logger: false })
    app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: common.RequestMethod.GET }] })
    app.enableVersioning({ type: common.VersioningType.URI })
    await app.init()
    if (platform === 'fastify') await app.getHttpAdapter().getInstance().ready()
    after(() => app.close())
    const server = app.getHttpServer()
    const route = (path: string, method?: string): Promise<string> => routeOf(observed, server, path, method)

    test('controllers, their global prefix and their versions are in the route, which is known in the handler', async () => {
      for (const [path, template, method] of [
        ['/api/cats', '/api/cats'],
        ['/api/cats/1/toys/2', '/api/cats/:id/toys/:toy', 'POST'],
        ['/api/v1/dogs/anna/3', '/api/v1/dogs/:owner/:id'],
        ['/api/v2/dogs/anna/3', '/api/v2/dogs/:owner/:id'],
        ['/health', '/health'],
      ] as const) {
        const { routes, text } = await answer(observed, server, path, method)
        assert.deepEqual([routes.at(-1), text], [template, template])
      }
    })

    test('a controller that is made for each request has its own', async () => {
      assert.equal(await route('/api/scoped/1'), '/api/scoped/:id')
    })

    test('what a guard refuses, and what fails, have theirs', async () => {
      assert.equal(await route('/api/cats/refused/1'), '/api/cats/refused/:id')
      assert.equal(await route('/api/cats/broken/1'), '/api/cats/broken/:id')
    })

    test('what matches no route has none', async () => {
      assert.equal(await route('/api/nothing/here'), '')
      assert.equal(await route('/api/dogs/anna/3'), '')
    })

    test('pipelined requests on one connection have each its own', async () => {
      const routes = await pipelined(observed, server, ['/api/cats/slow/1', '/health', '/nothing', '/api/cats'])
      assert.deepEqual(routes, ['/api/cats/slow/:id', '/health', '', '/api/cats'])
    })
  })
}

test('Nest and its platforms are said to be seen', () => {
  const seen = reader.hooked.map(({ module, version, how }) => `${module} ${version.split('.')[0]} ${how}`)
  for (const row of ['@nestjs/core 11 patch', 'express 5 patch', 'fastify 5 channel']) {
    assert.ok(seen.includes(row), seen.join())
  }
})
