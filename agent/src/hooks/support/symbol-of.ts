/** A library's own property under a symbol that it does not export: each copy of the library has symbols of its own. */
export function symbolOf(object: object, description: string): symbol | undefined {
  return Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description)
}
