import type { Checks } from '../check.ts'

/** `URL` and `URLSearchParams`, as the WHATWG standard has them. Node itself passes every one. */
export const urls: Checks = {
  components: [
    'const u = new URL("https://me:pw@example.test:8443/a/b?x=1&y=2#h"); return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash]',
    [
      'https://me:pw@example.test:8443/a/b?x=1&y=2#h',
      'https://example.test:8443',
      'https:',
      'me',
      'pw',
      'example.test:8443',
      'example.test',
      '8443',
      '/a/b',
      '?x=1&y=2',
      '#h',
    ],
  ],
  'relative to a base': [
    'return ["../c", "?q", "#f", "//other/x", "/root", "", "d"].map((r) => new URL(r, "http://h/a/b?x#y").href)',
    [
      'http://h/c',
      'http://h/a/b?q',
      'http://h/a/b?x#f',
      'http://other/x',
      'http://h/root',
      'http://h/a/b?x',
      'http://h/a/d',
    ],
  ],
  'default ports vanish': [
    'return ["http://h:80/", "https://h:443", "ws://h:80", "ftp://h:21", "http://h:443", "foo://h:80"].map((u) => new URL(u).port)',
    ['', '', '', '', '443', '80'],
  ],
  'hosts are lowered and mapped': [
    'return ["http://EXAMPLE.Com", "http://ü.test", "http://%41.test", "http://1.2.3", "http://0x7f.1", "http://[::1]:80/", "http://[1:0::0:2]"].map((u) => new URL(u).host)',
    ['example.com', 'xn--tda.test', 'a.test', '1.2.0.3', '127.0.0.1', '[::1]', '[1::2]'],
  ],
  'what is no URL': [
    'return ["", "nope", "http://", "http://a b", "http://[::1", "http://h:99999", "//x", "http://1.2.3.256"].map((u) => throws(() => new URL(u)))',
    Array(8).fill('TypeError') as string[],
  ],
  'the error of what is no URL':
    'try { new URL("nope") } catch (e) { return e instanceof TypeError && e.code === "ERR_INVALID_URL" && e.message === "Invalid URL" }',
  'percent encoding by component': [
    'const u = new URL("http://h/ü <>`{}\'?ü <>\'`{}#ü <>`{}"); return [u.pathname, u.search, u.hash]',
    ["/%C3%BC%20%3C%3E%60%7B%7D'", '?%C3%BC%20%3C%3E%27`{}', '#%C3%BC%20%3C%3E%60{}'],
  ],
  'dots in paths': [
    'return ["http://h/a/./b/../c", "http://h/../..", "http://h/a/%2e%2E/b", "file:///C|/x/../..", "http://h/a//b/"].map((u) => new URL(u).pathname)',
    ['/a/c', '/', '/b', '/C:/', '/a//b/'],
  ],
  'white space is taken off': ['return new URL(" \\n http://h/a\\tb\\n ").href', 'http://h/ab'],
  'backslashes in special schemes': [
    'return [new URL("http:\\\\\\\\h\\\\a").href, new URL("foo://h/a\\\\b").href]',
    ['http://h/a', 'foo://h/a\\b'],
  ],
  'opaque paths': [
    'const u = new URL("mailto:me@a.test?subject=x"); u.pathname = "ignored"; u.host = "ignored"; return [u.href, u.pathname, u.origin, u.host]',
    ['mailto:me@a.test?subject=x', 'me@a.test', 'null', ''],
  ],
  'data and blob': [
    'return [new URL("data:text/plain,hi there").href, new URL("blob:https://a.test/x").origin, new URL("javascript:alert(1)").pathname]',
    ['data:text/plain,hi there', 'https://a.test', 'alert(1)'],
  ],
  file: [
    'const u = new URL("file:///a/b"); return [u.host, u.origin, new URL("file://host/x").host, new URL("x", "file:///a/b").href]',
    ['', 'null', 'host', 'file:///a/x'],
  ],
  'setting the protocol': [
    'const u = new URL("http://h:443/"); u.protocol = "https"; const a = u.href; u.protocol = "foo:"; u.protocol = "ws:rest"; return [a, u.href]',
    ['https://h/', 'ws://h/'],
  ],
  'setting host, hostname and port': [
    'const u = new URL("http://h/"); u.host = "x:8080"; u.hostname = "y:9"; u.port = "90px"; const a = u.href; u.port = ""; u.hostname = ""; u.port = "70000"; u.host = "z"; return [a, u.href]',
    ['http://x:90/', 'http://z/'],
  ],
  'setting credentials': [
    'const u = new URL("http://h/"); u.username = "a:b"; u.password = "p@"; const a = u.href; u.username = ""; u.password = ""; return [a, u.href]',
    ['http://a%3Ab:p%40@h/', 'http://h/'],
  ],
  'setting path, search and hash': [
    'const u = new URL("http://h/"); u.pathname = "a b?#"; u.search = "q=ü&x"; u.hash = "f g"; const a = u.href; u.search = ""; u.hash = "#"; return [a, u.href]',
    ['http://h/a%20b%3F%23?q=%C3%BC&x#f%20g', 'http://h/a%20b%3F%23#'],
  ],
  'setting href': [
    'const u = new URL("http://h/"); u.href = "https://x/?a=1"; const e = throws(() => { u.href = "nope" }); return [u.href, u.searchParams.get("a"), e]',
    ['https://x/?a=1', '1', 'TypeError'],
  ],
  'origin cannot be set':
    'const u = new URL("http://h/"); u.origin = "x"; return u.origin === "http://h" && throws(() => { "use strict"; u.origin = "x" }) === "TypeError"',
  'canParse and parse': [
    'return [URL.canParse("a:b"), URL.canParse("x"), URL.canParse("x", "http://h"), URL.parse("x"), URL.parse("x", "http://h").href, throws(() => URL.canParse())]',
    [true, false, true, null, 'http://h/x', 'TypeError'],
  ],
  'arguments become text': [
    'return [new URL({ toString: () => "a:b" }).href, new URL(new URL("http://h/x")).href, throws(() => new URL()), throws(() => new URL(Symbol())), new URL("undefined", "http://h").href]',
    ['a:b', 'http://h/x', 'TypeError', 'TypeError', 'http://h/undefined'],
  ],
  'lone surrogates are replaced': 'return new URL("http://h/\\ud800").pathname === "/%EF%BF%BD"',
  'toString and toJSON':
    'const u = new URL("http://h"); return String(u) === "http://h/" && JSON.stringify({ u }) === \'{"u":"http://h/"}\' && u.toString() === u.toJSON()',
  'a URL shows its class':
    'return Object.prototype.toString.call(new URL("a:b")) === "[object URL]" && Object.prototype.toString.call(new URLSearchParams()) === "[object URLSearchParams]"',
  'classes need new':
    'return throws(() => URL("a:b")) === "TypeError" && throws(() => URLSearchParams()) === "TypeError"',
  'the shape of URL': [
    'return [URL.length, URL.name, flags(globalThis, "URL"), flags(URL, "prototype"), flags(URL.prototype, "href"), flags(URL.prototype, "origin"), flags(URL.prototype, "searchParams"), flags(URL.prototype, "toString"), flags(URL.prototype, "constructor"), flags(URL.prototype, Symbol.toStringTag), flags(URL, "canParse"), Object.keys(new URL("a:b"))]',
    [1, 'URL', 'w-c', '---', 'gsec', 'gec', 'gec', 'wec', 'w-c', '--c', 'wec', []],
  ],
  'members of URL are visible on its prototype': [
    'return Object.keys(URL.prototype).sort()',
    [
      'hash',
      'host',
      'hostname',
      'href',
      'origin',
      'password',
      'pathname',
      'port',
      'protocol',
      'search',
      'searchParams',
      'toJSON',
      'toString',
      'username',
    ],
  ],
  'methods of URL are methods':
    'return all(method(URL.prototype, "toString", 0, "wec"), method(URL.prototype, "toJSON", 0, "wec"), method(URL, "canParse", 1, "wec"), method(URL, "parse", 1, "wec"))',
  'accessors of URL are named':
    'const d = Object.getOwnPropertyDescriptor(URL.prototype, "hash"); return d.get.name === "get hash" && d.set.name === "set hash" && !isConstructor(d.get) && d.get.length === 0 && d.set.length === 1',
  'accessors of URL check their receiver':
    'return throws(() => URL.prototype.href) === "TypeError" && throws(() => { URL.prototype.hash = "" }) === "TypeError" && throws(() => URL.prototype.toString.call({})) === "TypeError"',
  'subclasses of URL':
    'class U extends URL { get tld() { return this.hostname.split(".").at(-1) } } return new U("http://a.test").tld === "test"',
  'parameters from text': [
    'return [..."?a=1&a=2&b&=c&d=x+y%20z&%FF=&e==".split("|").map((t) => [...new URLSearchParams(t)])][0]',
    [
      ['a', '1'],
      ['a', '2'],
      ['b', ''],
      ['', 'c'],
      ['d', 'x y z'],
      ['\ufffd', ''],
      ['e', '='],
    ],
  ],
  'parameters from pairs and records': [
    'return [new URLSearchParams([["a", 1], ["b", "x y"]]), new URLSearchParams({ a: 1, b: null }), new URLSearchParams(new Map([["k", "v"]])), new URLSearchParams(new URLSearchParams("z=1")), new URLSearchParams(), new URLSearchParams(null), new URLSearchParams(undefined), new URLSearchParams(5)].map(String)',
    ['a=1&b=x+y', 'a=1&b=null', 'k=v', 'z=1', '', 'null=', '', '5='],
  ],
  'pairs that are none':
    'return throws(() => new URLSearchParams([["a"]])) === "TypeError" && throws(() => new URLSearchParams([1])) === "TypeError" && throws(() => new URLSearchParams([["a", "b", "c"]])) === "TypeError" && throws(() => new URLSearchParams({ [Symbol.iterator]: 1 })) === "TypeError"',
  'symbols are no names':
    'return throws(() => new URLSearchParams({ [Symbol()]: 1 })) === "TypeError" && throws(() => new URLSearchParams().append(Symbol(), "")) === "TypeError"',
  'text of parameters': [
    'return new URLSearchParams([["a b", "c&d=e+f"], ["ü*-._~", "!\'()"]]).toString()',
    'a+b=c%26d%3De%2Bf&%C3%BC*-._%7E=%21%27%28%29',
  ],
  'append, get, getAll, has, set, delete, size': [
    'const p = new URLSearchParams("a=1&b=2&a=3"); p.append("c", 4); const r = [p.get("a"), p.getAll("a"), p.get("x"), p.has("c"), p.size]; p.set("a", 9); p.delete("b"); p.set("n", undefined); return [...r, String(p)]',
    ['1', ['1', '3'], null, true, 4, 'a=9&c=4&n=undefined'],
  ],
  'has and delete by value': [
    'const p = new URLSearchParams("a=1&a=2&b=1"); const h = [p.has("a", "2"), p.has("a", "3"), p.has("a", undefined)]; p.delete("a", "1"); const s = String(p); p.delete("a", undefined); return [h, s, String(p)]',
    [[true, false, true], 'a=2&b=1', 'b=1'],
  ],
  'sorting is stable and by code units': [
    'const p = new URLSearchParams("z=1&a=2&\\uffff=3&😀=4&a=1"); p.sort(); return [...p.keys()]',
    ['a', 'a', 'z', '😀', '\uffff'],
  ],
  'walking the parameters': [
    'const p = new URLSearchParams("a=1&b=2"); const o = []; p.forEach(function (v, k, all) { o.push(v, k, all === p, this.t) }, { t: 7 }); return [[...p], [...p.entries()], [...p.keys()], [...p.values()], o]',
    [
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [
        ['a', '1'],
        ['b', '2'],
      ],
      ['a', 'b'],
      ['1', '2'],
      ['1', 'a', true, 7, '2', 'b', true, 7],
    ],
  ],
  'walking sees changes': [
    'const p = new URLSearchParams("a=1&b=2&c=3"); const o = []; for (const [k] of p) { o.push(k); p.delete(k) } return o',
    ['a', 'c'],
  ],
  'a URL and its parameters are tied': [
    'const u = new URL("http://h/?a=1"); const p = u.searchParams; p.append("b", "ü"); const x = u.href; u.search = "?c=3"; const y = [...p]; p.delete("c"); const z = u.href; u.href = "http://x/?d=4"; return [x, y, z, p.get("d"), u.searchParams === p]',
    ['http://h/?a=1&b=%C3%BC', [['c', '3']], 'http://h/', '4', true],
  ],
  'a query keeps its own writing until it is changed': [
    'const u = new URL("http://h/?a=%20b&c"); const before = u.search; u.searchParams.get("a"); const same = u.search; u.searchParams.append("d", ""); return [before, same, u.search]',
    ['?a=%20b&c', '?a=%20b&c', '?a=+b&c=&d='],
  ],
  'parameters cannot be replaced':
    'const u = new URL("http://h/?a=1"); u.searchParams = "x"; return u.search === "?a=1"',
  'the hash leaves parameters alone':
    'const u = new URL("http://h/?a=1#x"); const p = u.searchParams; u.hash = "y"; p.append("b", "2"); return u.href === "http://h/?a=1&b=2#y"',
  'parameters are walked by entries':
    'return URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries && flags(URLSearchParams.prototype, Symbol.iterator) === "w-c"',
  'iterators of parameters': [
    'const it = new URLSearchParams("a=1").entries(); const proto = Object.getPrototypeOf(it); return [Object.prototype.toString.call(it), it[Symbol.iterator]() === it, flags(proto, "next"), flags(proto, Symbol.toStringTag), Object.getPrototypeOf(proto) === Iterator.prototype, Object.keys(proto), it.next(), it.next(), throws(() => proto.next.call({}))]',
    [
      '[object URLSearchParams Iterator]',
      true,
      'wec',
      '--c',
      true,
      ['next'],
      { value: ['a', '1'], done: false },
      { done: true },
      'TypeError',
    ],
  ],
  'the shape of URLSearchParams': [
    'return [URLSearchParams.length, flags(globalThis, "URLSearchParams"), flags(URLSearchParams.prototype, "size"), Object.keys(URLSearchParams.prototype).sort()]',
    [
      0,
      'w-c',
      'gec',
      [
        'append',
        'delete',
        'entries',
        'forEach',
        'get',
        'getAll',
        'has',
        'keys',
        'set',
        'size',
        'sort',
        'toString',
        'values',
      ],
    ],
  ],
  'methods of URLSearchParams are methods':
    'return all(...Object.entries({ append: 2, delete: 1, entries: 0, forEach: 1, get: 1, getAll: 1, has: 1, keys: 0, set: 2, sort: 0, toString: 0, values: 0 }).map(([k, n]) => method(URLSearchParams.prototype, k, n, "wec")))',
  'methods of URLSearchParams check receiver and arguments':
    'const p = new URLSearchParams(); return throws(() => p.append("a")) === "TypeError" && throws(() => p.get()) === "TypeError" && throws(() => p.forEach(1)) === "TypeError" && throws(() => URLSearchParams.prototype.get.call({}, "a")) === "TypeError" && throws(() => URLSearchParams.prototype.size) === "TypeError"',
  'subclasses of URLSearchParams':
    'class P extends URLSearchParams { first() { return [...this][0] } } return new P("a=1").first().join() === "a,1"',
  'many parameters':
    'const p = new URLSearchParams(); for (let i = 0; i < 2000; i++) p.append("k" + i, i); return p.size === 2000 && p.get("k1999") === "1999" && new URLSearchParams(p.toString()).size === 2000',
}
