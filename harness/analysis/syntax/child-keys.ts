// A table: the properties of each kind of node that hold further nodes, in the order they are visited.
// `test/harness/analysis/syntax/child-keys.test.ts` compares it with the one of @babel/types.

const NONE: readonly string[] = []
const FUNCTION = ['id', 'params', 'body'] as const
const METHOD = ['key', 'params', 'body'] as const
const CLASS = ['id', 'superClass', 'body'] as const
const CALL = ['callee', 'arguments'] as const
const MEMBER = ['object', 'property'] as const
const PAIR = ['left', 'right'] as const
const PROPERTY = ['key', 'value'] as const

/**
 * The children of every node that the grammar of a program can produce. A kind that is missing here is
 * syntax the analyser does not know, and a program with it is refused.
 */
export const CHILD_KEYS: Readonly<Record<string, readonly string[]>> = Object.assign(
  Object.create(null),
  {
    Program: ['directives', 'body'],
    Directive: ['value'],
    DirectiveLiteral: NONE,
    BlockStatement: ['directives', 'body'],
    EmptyStatement: NONE,
    ExpressionStatement: ['expression'],
    VariableDeclaration: ['declarations'],
    VariableDeclarator: ['id', 'init'],
    IfStatement: ['test', 'consequent', 'alternate'],
    ForStatement: ['init', 'test', 'update', 'body'],
    ForInStatement: ['left', 'right', 'body'],
    ForOfStatement: ['left', 'right', 'body'],
    WhileStatement: ['test', 'body'],
    DoWhileStatement: ['body', 'test'],
    SwitchStatement: ['discriminant', 'cases'],
    SwitchCase: ['test', 'consequent'],
    LabeledStatement: ['label', 'body'],
    BreakStatement: ['label'],
    ContinueStatement: ['label'],
    ReturnStatement: ['argument'],
    ThrowStatement: ['argument'],
    TryStatement: ['block', 'handler', 'finalizer'],
    CatchClause: ['param', 'body'],
    DebuggerStatement: NONE,
    FunctionDeclaration: FUNCTION,
    FunctionExpression: FUNCTION,
    ArrowFunctionExpression: ['params', 'body'],
    ClassDeclaration: CLASS,
    ClassExpression: CLASS,
    ClassBody: ['body'],
    ClassMethod: METHOD,
    ClassPrivateMethod: METHOD,
    ClassProperty: PROPERTY,
    ClassPrivateProperty: PROPERTY,
    StaticBlock: ['body'],
    PrivateName: ['id'],
    Identifier: NONE,
    StringLiteral: NONE,
    NumericLiteral: NONE,
    BigIntLiteral: NONE,
    BooleanLiteral: NONE,
    NullLiteral: NONE,
    RegExpLiteral: NONE,
    TemplateLiteral: ['quasis', 'expressions'],
    TemplateElement: NONE,
    TaggedTemplateExpression: ['tag', 'quasi'],
    ArrayExpression: ['elements'],
    ObjectExpression: ['properties'],
    ObjectProperty: PROPERTY,
    ObjectMethod: METHOD,
    SpreadElement: ['argument'],
    RestElement: ['argument'],
    ArrayPattern: ['elements'],
    ObjectPattern: ['properties'],
    AssignmentPattern: PAIR,
    AssignmentExpression: PAIR,
    BinaryExpression: PAIR,
    LogicalExpression: PAIR,
    UnaryExpression: ['argument'],
    UpdateExpression: ['argument'],
    ConditionalExpression: ['test', 'consequent', 'alternate'],
    SequenceExpression: ['expressions'],
    MemberExpression: MEMBER,
    OptionalMemberExpression: MEMBER,
    CallExpression: CALL,
    OptionalCallExpression: CALL,
    NewExpression: CALL,
    ImportExpression: ['source', 'options'],
    MetaProperty: ['meta', 'property'],
    AwaitExpression: ['argument'],
    YieldExpression: ['argument'],
    ThisExpression: NONE,
    Super: NONE,
  },
)
