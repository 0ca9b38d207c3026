import { sep } from 'node:path'
import ts from 'typescript'

/** A declaration as the compiler would write it into a `.d.ts` file, without comments and private members. */
export interface Declaration {
  readonly name: string
  /** Overloads, or an interface and a value of one name, follow each other. */
  readonly text: string
  /** The declarations of the same package that the text names. */
  readonly references: readonly ts.Symbol[]
}

type NamedStatement =
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.FunctionDeclaration
  | ts.InterfaceDeclaration
  | ts.ModuleDeclaration
  | ts.TypeAliasDeclaration

/** Reads the exports of modules from their sources; nothing has to be built. */
export class Declarations {
  readonly #program: ts.Program
  readonly #checker: ts.TypeChecker
  readonly #emitted = new Map<string, ts.SourceFile>()
  readonly #printer = ts.createPrinter({ removeComments: true })

  /** @param config path of the `tsconfig.json` whose options hold */
  constructor(config: string, files: readonly string[]) {
    const { config: settings } = ts.readConfigFile(config, (path) => ts.sys.readFile(path))
    const { tsBuildInfoFile: _, ...options } = ts.parseJsonConfigFileContent(settings, ts.sys, '').options
    this.#program = ts.createProgram(files, {
      ...options,
      noEmit: false,
      incremental: false,
      declaration: true,
      emitDeclarationOnly: true,
      removeComments: true,
    })
    this.#checker = this.#program.getTypeChecker()
  }

  /** Returns the exports of a module by name, in the order of their names. */
  exportsOf(file: string): ReadonlyMap<string, ts.Symbol> {
    const symbols = this.#checker.getExportsOfModule(this.#moduleOf(file))
    const named = symbols.map((symbol) => [symbol.name, this.#resolved(symbol)] as const)
    return new Map(named.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  }

  /** Whether a declaration has a doc comment. */
  isDocumented(symbol: ts.Symbol): boolean {
    return symbol.getDocumentationComment(this.#checker).length > 0
  }

  /** @param folder sources of the package; declarations outside of it are not followed */
  declarationOf(symbol: ts.Symbol, folder: string): Declaration {
    const source = symbol.declarations?.[0]?.getSourceFile()
    if (!source) throw new Error(`${symbol.name} has no declaration.`)
    const name = this.#localName(symbol)
    const file = this.#emit(source)
    const statements = statementsOf(file, name)
    if (statements.length === 0) throw new Error(`${source.fileName} declares no ${name} at its top level.`)
    const references = new Set(statements.flatMap((statement) => this.#references(statement, file, source, folder)))
    references.delete(symbol)
    return { name, text: statements.map((each) => this.#print(each, file)).join('\n'), references: [...references] }
  }

  #localName(symbol: ts.Symbol): string {
    const declaration = symbol.declarations?.[0]
    const name = declaration && ts.getNameOfDeclaration(declaration)
    return name && ts.isIdentifier(name) ? name.text : symbol.name
  }

  #moduleOf(file: string): ts.Symbol {
    const source = this.#program.getSourceFile(file)
    const symbol = source && this.#checker.getSymbolAtLocation(source)
    if (!symbol) throw new Error(`${file} is no module.`)
    return symbol
  }

  #resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }

  /** The declaration file of a source, parsed. */
  #emit(source: ts.SourceFile): ts.SourceFile {
    const known = this.#emitted.get(source.fileName)
    if (known) return known
    let text = ''
    this.#program.emit(source, (_, written) => (text = written), undefined, true)
    const file = ts.createSourceFile(source.fileName, text, ts.ScriptTarget.Latest, true)
    this.#emitted.set(source.fileName, file)
    return file
  }

  #print(statement: ts.Statement, file: ts.SourceFile): string {
    return this.#printer
      .printNode(ts.EmitHint.Unspecified, statement, file)
      .replace(/^(?:export |default |declare )*/, '')
      .replace(/^ +(?:#private|private .*);\n/gm, '')
      .replace(/^(?: {4})+/gm, (indent) => indent.slice(indent.length / 2))
  }

  #references(statement: ts.Statement, file: ts.SourceFile, source: ts.SourceFile, folder: string): ts.Symbol[] {
    const found: ts.Symbol[] = []
    const take = (symbol: ts.Symbol | undefined) => {
      const declaredIn = symbol?.declarations?.[0]?.getSourceFile().fileName
      if (symbol && declaredIn?.startsWith(folder + sep)) found.push(symbol)
    }
    const visit = (node: ts.Node): void => {
      if (ts.isImportTypeNode(node) && node.qualifier && ts.isIdentifier(node.qualifier)) {
        take(this.#exported(source, literalOf(node), node.qualifier.text))
      } else if (ts.isIdentifier(node) && !isNameOf(node, node.parent)) {
        take(this.#named(node.text, file, source))
      }
      ts.forEachChild(node, visit)
    }
    visit(statement)
    return found
  }

  /** Resolves a name that a declaration file declares or imports at its top level. */
  #named(name: string, file: ts.SourceFile, source: ts.SourceFile): ts.Symbol | undefined {
    const own = nameNodesOf(source, name)[0]
    if (own && statementsOf(file, name).length > 0) {
      const symbol = this.#checker.getSymbolAtLocation(own)
      return symbol && this.#checker.getExportSymbolOfSymbol(symbol)
    }
    for (const statement of file.statements) {
      if (!ts.isImportDeclaration(statement)) continue
      const bindings = statement.importClause?.namedBindings
      if (!bindings || !ts.isNamedImports(bindings) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
      const element = bindings.elements.find((each) => each.name.text === name)
      if (element)
        return this.#exported(source, statement.moduleSpecifier.text, (element.propertyName ?? element.name).text)
    }
    return undefined
  }

  #exported(from: ts.SourceFile, specifier: string, name: string): ts.Symbol | undefined {
    if (!specifier.startsWith('.')) return undefined
    const { resolvedModule } = ts.resolveModuleName(
      specifier,
      from.fileName,
      this.#program.getCompilerOptions(),
      ts.sys,
      undefined,
      undefined,
      ts.ModuleKind.ESNext,
    )
    return resolvedModule && this.exportsOf(resolvedModule.resolvedFileName).get(name)
  }
}

function statementsOf(file: ts.SourceFile, name: string): ts.Statement[] {
  return file.statements.filter((statement) => namesOf(statement).some((node) => node.text === name))
}

function nameNodesOf(file: ts.SourceFile, name: string): ts.Identifier[] {
  return file.statements.flatMap((statement) => namesOf(statement).filter((node) => node.text === name))
}

function namesOf(statement: ts.Statement): ts.Identifier[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name] : []))
  }
  return isNamed(statement) && statement.name && ts.isIdentifier(statement.name) ? [statement.name] : []
}

/** Whether an identifier names a declaration or member, rather than refers to one. */
function isNameOf(node: ts.Identifier, parent: ts.Node & { readonly name?: ts.Node }): boolean {
  return parent.name === node
}

function isNamed(statement: ts.Statement): statement is NamedStatement {
  return (
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isModuleDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  )
}

function literalOf({ argument }: ts.ImportTypeNode): string {
  return ts.isLiteralTypeNode(argument) && ts.isStringLiteral(argument.literal) ? argument.literal.text : ''
}
