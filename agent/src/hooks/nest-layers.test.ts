/** What a request passes through in Nest: guards, interceptors and pipes by their class, providers, the controller's method. */
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { burn, LayerStory, took } from '../testing/layers.ts'
import { observe } from '../testing/observe.ts'
import { serve } from '../testing/serve.ts'
import { express } from './express.ts'
import { fastify } from './fastify.ts'
import { http } from './http.ts'
import { nest } from './nest.ts'

type Decorator = (target: object, key?: string, descriptor?: unknown) => void
type Class = new (...args: never[]) => object
type Decorate = Record<string, (...args: unknown[]) => Decorator>

const observed = observe([http, fastify], [express, nest])
after(observed.stop)
const story = new LayerStory(observed)

const require = createRequire(import.meta.url)
require('reflect-metadata')
const common = require('@nestjs/common') as Decorate & { Scope: { REQUEST: number } }
const { NestFactory } = require('@nestjs/core') as {
  NestFactory: {
    create(
      module: Class,
      adapter: object,
      options: object,
    ): Promise<{
      init(): Promise<void>
      getHttpServer(): Server
      close(): Promise<void>
      getHttpAdapter(): { getInstance(): { ready?(): Promise<void> } }
    }>
  }
}

const { defineMetadata } = Reflect as unknown as {
  defineMetadata(key: string, value: unknown, ...where: unknown[]): void
}

class Patient {
  async canActivate(): Promise<boolean> {
    await sleep(30)
    return true
  }
}
class Busy {
  canActivate(): boolean {
    burn(4)
    return true
  }
}
class Wraps {
  intercept(_context: unknown, next: { handle(): unknown }): unknown {
    burn(3)
    return next.handle()
  }
}
class Doubles {
  transform(value: string): string {
    burn(2)
    return value + value
  }
}
class Connection {
  constructor() {
    burn(5)
  }
}
class Orders {
  async list(id: string): Promise<string> {
    await sleep(20)
    return id
  }
}
class Scoped {
  get(): string {
    return 'scoped'
  }
}
class Module {}

/** What TypeScript makes of decorators on a class, a method and its parameter. */
common.Injectable!({ scope: common.Scope.REQUEST })(Connection)
common.Controller!('orders')(Orders)
const list = Object.getOwnPropertyDescriptor(Orders.prototype, 'list')!
defineMetadata('design:paramtypes', [String], Orders.prototype, 'list')
common.Param!('id', Doubles)(Orders.prototype, 'list', 0)
common.Get!(':id')(Orders.prototype, 'list', list)
common.UseGuards!(Patient, Busy)(Orders.prototype, 'list', list)
common.UseInterceptors!(Wraps)(Orders.prototype, 'list', list)
common.Controller!('scoped')(Scoped)
defineMetadata('design:paramtypes', [Connection], Scoped)
common.Get!()(Scoped.prototype, 'get', Object.getOwnPropertyDescriptor(Scoped.prototype, 'get'))
common.Module!({ controllers: [Orders, Scoped], providers: [Connection] })(Module)

for (const platform of ['express', 'fastify'] as const) {
  const Adapter = Object.entries(require(`@nestjs/platform-${platform}`) as Record<string, new () => object>).find(
    ([name]) => /^(Express|Fastify)Adapter$/.test(name),
  )![1]

  suite(`Nest on ${platform}`, async () => {
    const app = await NestFactory.create(Module, new Adapter(), { logger: false })
    await app.init()
    await app.getHttpAdapter().getInstance().ready?.()
    after(() => app.close())

    async function ask(path: string): Promise<string> {
      const server = await serve(app.getHttpServer())
      const { text } = await server.get(path)
      await story.quiet()
      return text
    }
    const layersOf = (route: string) => story.of(route).filter(({ kind }) => kind !== 'hook' && kind !== 'middleware')

    test('guards, interceptors, pipes and the method of the controller', async () => {
      assert.equal(await ask('/orders/7'), '77')
      const rows = layersOf('GET /orders/:id')
      // Express knows the line that registered a handler, Fastify does not: after both it is there twice.
      const names = new Set(rows.map(({ kind, name }) => `${kind} ${name}`))
      const nested = ['guard Patient', 'guard Busy', 'interceptor Wraps', 'pipe Doubles']
      assert.deepEqual([...names], ['handler Orders.list', ...nested])
      const [patient, busy, wraps, doubles] = rows.filter(({ kind }) => kind !== 'handler')
      took(patient!, 0, 30, patient!.calls)
      took(busy!, 4, 0, busy!.calls)
      assert.ok(wraps!.onLoop.mean >= 2.9 && doubles!.onLoop.mean >= 1.9)
    })

    test('what is made for one request is a layer of its own', async () => {
      assert.equal(await ask('/scoped'), 'scoped')
      const providers = layersOf('GET /scoped').find(({ kind }) => kind === 'providers')
      assert.equal(providers?.name, 'Scoped')
      assert.ok(providers.onLoop.mean + providers.wait.mean >= 4.9)
    })
  })
}
