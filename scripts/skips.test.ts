/** A skipped test says why: `skip: 'reason'`, `t.skip('reason')`, or a condition that gives a reason. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'
import { ROOT } from './support/imports.ts'

const exclude = (path: string): boolean => /(^|\/)(node_modules|dist)$/.test(path)
const files = globSync('{collector,agent,tui,dashboards,examples,scripts}/**/*.{test,e2e}.ts', { cwd: ROOT, exclude })

/** The places in a file where something is skipped without a reason, or left for later. */
function unexplained(file: string, text: string): string[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: string[] = []
  const at = (node: ts.Node): string => `${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ['skip', 'todo', 'only'].includes(node.name.getText())) {
      if (node.initializer.kind === ts.SyntaxKind.TrueKeyword) found.push(`${at(node)} ${node.getText()}`)
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression
      const isTest = /^(test|it|suite|describe)$/.test(expression.getText())
      if (isTest && /^(skip|todo|only)$/.test(name.text)) found.push(`${at(node)} ${expression.getText()}.${name.text}`)
      // In a running test: t.skip() without its reason.
      if (
        /^(t|context)$/.test(expression.getText()) &&
        /^(skip|todo)$/.test(name.text) &&
        node.arguments.length === 0
      ) {
        found.push(`${at(node)} ${node.getText()}`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

test('every skipped test has a reason, and none is marked to run alone', () => {
  assert.ok(files.length > 50, `${files.length} test files`)
  assert.deepEqual(
    files.flatMap((file) => unexplained(file, readFileSync(join(ROOT, file), 'utf8'))),
    [],
  )
})

test('one without a reason would be found', () => {
  for (const text of [
    "test('a', { skip: true }, f)",
    "test.skip('a', f)",
    "test.only('a', f)",
    't.skip()',
    "suite.todo('x')",
  ]) {
    assert.equal(unexplained('a.test.ts', text).length, 1, text)
  }
  for (const text of ["test('a', { skip: 'needs Linux' }, f)", "t.skip('needs Linux')", 'test("a", { skip }, f)']) {
    assert.deepEqual(unexplained('a.test.ts', text), [], text)
  }
})
