import type { BuiltinHook, PackageHook } from './hook.ts'
import { http } from './http.ts'

export const BUILTIN_HOOKS: readonly BuiltinHook[] = [http]
export const PACKAGE_HOOKS: readonly PackageHook[] = []
