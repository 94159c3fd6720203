export * from './channel.ts'
export * from './events.ts'
export * from './rows.ts'
export * from './stream.ts'
