import { VISITOR_KEYS } from '@babel/types'
import { describe, expect, it } from 'vitest'
import { CHILD_KEYS } from '../../../../harness/analysis/syntax/child-keys.ts'

/** Properties that only types, Flow and decorators fill, none of which a program has when it is analysed. */
const ABSENT =
  /^(?:type(?:Annotation|Arguments|Parameters)|returnType|predicate|decorators|implements|mixins|variance|superTypeArguments)$/

describe('the table of children', () => {
  it.each(Object.keys(CHILD_KEYS))('has for %s what @babel/types has', (type) => {
    const theirs = VISITOR_KEYS[type]?.filter((key) => !ABSENT.test(key))
    expect(CHILD_KEYS[type]).toEqual(theirs)
  })

  it('knows no type by an inherited name', () => {
    expect(CHILD_KEYS['constructor']).toBeUndefined()
  })
})
