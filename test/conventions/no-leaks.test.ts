import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findLeaks } from './leaks.ts'
import { filesBelow, root } from './source-files.ts'

const BINARY = /\.(?:png|jpe?g|gif|ico|woff2?|wasm|pdf|zip|gz|db)$/

// What an attack asks for is a made-up path; the corpora and this test are full of them.
const MADE_UP = [/^test\/corpus\//, /^test\/escape\//, /^test\/conventions\/no-leaks\.test\.ts$/]

describe('tracked files', () => {
  it('contain no path of a machine and no registry host', () => {
    const leaks = filesBelow('.')
      .filter((path) => !BINARY.test(path) && !MADE_UP.some((pattern) => pattern.test(path)))
      .flatMap((path) =>
        findLeaks(readFileSync(join(root, path), 'utf8')).map(
          ({ line, what }) => `${path}:${line} ${what}`,
        ),
      )
    expect(leaks).toEqual([])
  })
})

const denied = {
  'a working folder': `const file = '/workspace/shop/package.json'`,
  'a home folder': 'see /home/maria/notes.txt',
  'a home folder of macOS': 'at /Users/maria/project/a.ts:1',
  'the home folder of root': '(/root/.npmrc)',
  'a file url': `import('file:///home/maria/a.ts')`,
  'a resolved url in a lock file': '"resolved": "https://packages.example/left-pad.tgz"',
  'the public registry': 'registry=https://registry.npmjs.org/',
}

const allowed = {
  'a path inside the project': `'./src/work/a.ts'`,
  'an absolute system path': '/usr/lib/node, /proc/self/status, /tmp/x',
  'the folder alone': 'mount an empty /home and /root',
  'a url with such a segment': 'https://example.com/home/page',
  'a home that is made up': 'reads /home/user/.ssh/id_rsa',
  'a route': `app.get('/homework/1')`,
}

describe('leak check', () => {
  for (const [name, text] of Object.entries(denied)) {
    it(`denies ${name}`, () => {
      expect(findLeaks(`first line\n${text}`)).toMatchObject([{ line: 2 }])
    })
  }

  for (const [name, text] of Object.entries(allowed)) {
    it(`allows ${name}`, () => {
      expect(findLeaks(text)).toEqual([])
    })
  }
})
