import { parse } from '@babel/parser'

/** One place where a file names another module or file. */
export interface ModuleReference {
  /** What is named; for a computed path its constant beginning, or null when there is none. */
  readonly specifier: string | null
  /** `url` is a file reached by `new URL(…, import.meta.url)`; the others load a module. */
  readonly kind: 'import' | 'type-import' | 'url'
  readonly line: number
}

interface AstNode {
  readonly type: string
  readonly loc?: { readonly start: { readonly line: number } } | null | undefined
  readonly [key: string]: unknown
}

/** Lists every module reference of a TypeScript file, in whatever way it is written. */
export function moduleReferences(source: string): ModuleReference[] {
  const file = parse(source, { sourceType: 'module', plugins: ['typescript'] })
  const found: ModuleReference[] = []
  visit(file.program as unknown as AstNode, (node) => {
    const reference = readReference(node)
    if (reference !== null) found.push({ ...reference, line: node.loc?.start.line ?? 0 })
  })
  return found
}

function readReference(node: AstNode): Omit<ModuleReference, 'line'> | null {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration': {
      if (!isNode(node['source'])) return null
      const isType = node['importKind'] === 'type' || node['exportKind'] === 'type'
      return { kind: isType ? 'type-import' : 'import', specifier: wholeText(node['source']) }
    }
    case 'ImportExpression':
      return { kind: 'import', specifier: wholeText(node['source']) }
    case 'TSImportType':
      return { kind: 'type-import', specifier: wholeText(node['source'] ?? node['argument']) }
    case 'TSExternalModuleReference':
      return { kind: 'import', specifier: wholeText(node['expression']) }
    case 'CallExpression':
      if (!/^(require|require\.resolve|import\.meta\.resolve)$/.test(calleeName(node))) return null
      return { kind: 'import', specifier: wholeText(argumentsOf(node)[0]) }
    case 'NewExpression': {
      const [path, base] = argumentsOf(node)
      if (calleeName(node) !== 'URL' || dottedName(base) !== 'import.meta.url') return null
      return { kind: 'url', specifier: leadingText(path) }
    }
    default:
      return null
  }
}

function visit(node: AstNode, see: (node: AstNode) => void): void {
  see(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, see)
    }
  }
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'loc' in value
}

function argumentsOf(node: AstNode): readonly unknown[] {
  return Array.isArray(node['arguments']) ? node['arguments'] : []
}

function calleeName(node: AstNode): string {
  return dottedName(node['callee'])
}

function dottedName(node: unknown): string {
  if (!isNode(node)) return ''
  if (node.type === 'Identifier') return String(node['name'])
  if (node.type === 'MetaProperty') return 'import.meta'
  if (node.type !== 'MemberExpression') return ''
  return `${dottedName(node['object'])}.${dottedName(node['property'])}`
}

function wholeText(node: unknown): string | null {
  if (!isNode(node)) return null
  if (node.type === 'TSLiteralType') return wholeText(node['literal'])
  if (node.type === 'StringLiteral') return String(node['value'])
  const isPlain = node.type === 'TemplateLiteral' && (node['expressions'] as unknown[]).length === 0
  return isPlain ? leadingText(node) : null
}

function leadingText(node: unknown): string | null {
  if (!isNode(node) || node.type !== 'TemplateLiteral') return wholeText(node)
  const [first] = node['quasis'] as { readonly value: { readonly cooked?: string } }[]
  return first?.value.cooked ?? null
}
