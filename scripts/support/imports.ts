/** What a source file imports, by TypeScript's own parser. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Import {
  /** The file that imports, from the root. */
  file: string
  /** A file from the root, `node:…`, or the name of a package as it is written. */
  target: string
  /** Gone when it runs. */
  isType: boolean
}

/** The shipped sources: not tests, not what only tests use. */
export function sources(pattern: string): string[] {
  const exclude = (path: string): boolean => /(^|\/)(node_modules|dist|testing)$/.test(path)
  return globSync(pattern, { cwd: ROOT, exclude }).filter((path) => !/\.test\.[jt]s$/.test(path))
}

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

export function importsOf(file: string): Import[] {
  const tree = ts.createSourceFile(file, readSource(file), ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const add = (specifier: ts.Node, isType: boolean): void => {
    if (!ts.isStringLiteral(specifier)) return
    const { text } = specifier
    const target = text.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), text)) : text
    found.push({ file, target, isType })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly ?? false)
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node)) {
      const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword
      const isRequire = ts.isIdentifier(node.expression) && node.expression.text === 'require'
      if ((isImport || isRequire) && node.arguments[0]) add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}
