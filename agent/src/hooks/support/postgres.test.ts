import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseName } from './postgres.ts'

test('a database is named by its application, else by database and host', () => {
  assert.equal(databaseName({ application_name: 'shop' }, {}), 'shop')
  assert.equal(databaseName({ database: 'shop', host: 'db.internal', port: 5432 }, {}), 'shop@db.internal')
  assert.equal(databaseName({ connectionString: 'postgres://u:secret@db:6000/shop%20x' }, {}), 'shop x@db:6000')
  assert.equal(databaseName({ connectionString: 'postgres://db/shop?application_name=api' }, {}), 'api')
  assert.equal(databaseName({}, { PGDATABASE: 'env', PGHOST: 'there' }), 'env@there')
})

test('nothing of the user or the password is in the name', () => {
  for (const connectionString of ['postgres://anna:secret@db', 'postgres://anna:secret@db/', 'not a url anna secret']) {
    assert.doesNotMatch(databaseName({ connectionString }, {}), /anna|secret/)
  }
})
