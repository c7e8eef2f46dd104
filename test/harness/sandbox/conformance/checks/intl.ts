import type { Checks } from '../check.ts'

/** `Intl`. Node itself passes every one. */
export const intl: Checks = {
  numbers: [
    'return [new Intl.NumberFormat("de-DE").format(1234567.891), new Intl.NumberFormat("en-IN").format(1e7), new Intl.NumberFormat("en", { style: "currency", currency: "EUR" }).format(-3.5), new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(0.1234), new Intl.NumberFormat("en", { notation: "scientific" }).format(12345), new Intl.NumberFormat("ar-EG").format(12)]',
    ['1.234.567,891', '1,00,00,000', '-€3.50', '12.3%', '1.235E4', '١٢'],
  ],
  'numbers exactly': [
    'const f = new Intl.NumberFormat("en", { maximumFractionDigits: 20 }); return [f.format("12345678901234567890.123"), f.format(12345678901234567890n), f.format(-0), f.format(NaN), f.format(Infinity), f.format(null), f.format(true), f.format(undefined)]',
    [
      '12,345,678,901,234,567,890.123',
      '12,345,678,901,234,567,890',
      '-0',
      'NaN',
      '∞',
      '0',
      '1',
      'NaN',
    ],
  ],
  'parts of numbers': [
    'return new Intl.NumberFormat("en", { style: "currency", currency: "USD" }).formatToParts(-1234.5).map((p) => p.type)',
    ['minusSign', 'currency', 'integer', 'group', 'integer', 'decimal', 'fraction'],
  ],
  'ranges of numbers': [
    'const f = new Intl.NumberFormat("en"); return [f.formatRange(1, 5), f.formatRange(1, 1), throws(() => f.formatRange(1)), f.formatRangeToParts(1, 2).length > 2]',
    ['1–5', '~1', 'TypeError', true],
  ],
  'options of numbers': [
    'return [{ minimumFractionDigits: "2" }, { useGrouping: false }, { useGrouping: "min2" }, { signDisplay: "always" }, { roundingMode: "floor", maximumFractionDigits: 0 }, { maximumSignificantDigits: 2 }, { currency: "JPY", style: "currency" }].map((o) => new Intl.NumberFormat("en", o).format(1234.56))',
    ['1,234.56', '1234.56', '1234.56', '+1,234.56', '1,234', '1,200', '¥1,235'],
  ],
  'bad options of numbers': [
    'return [{ style: "currency" }, { style: "x" }, { minimumFractionDigits: 200 }, { currency: "x", style: "currency" }, { style: Symbol() }, { maximumFractionDigits: NaN }].map((o) => throws(() => new Intl.NumberFormat("en", o)))',
    ['TypeError', 'RangeError', 'RangeError', 'RangeError', 'TypeError', 'RangeError'],
  ],
  'options are read from prototypes and getters': [
    'const o = Object.create({ style: "percent" }, { minimumFractionDigits: { get: () => 1 } }); return new Intl.NumberFormat("en", o).format(0.5)',
    '50.0%',
  ],
  'options are read once':
    'let n = 0; const f = new Intl.NumberFormat("en", { get style() { n++; return "percent" } }); f.format(1); f.format(2); return n === 1',
  'format is bound': [
    'const { format } = new Intl.NumberFormat("en", { minimumFractionDigits: 1 }); const f = new Intl.NumberFormat(); return [[1, 2].map(format), f.format === f.format, format.name, format.length]',
    [['1.0', '2.0'], true, '', 1],
  ],
  dates: [
    'const d = new Date(Date.UTC(2024, 4, 3, 15, 4, 5)); return [new Intl.DateTimeFormat().format(d), new Intl.DateTimeFormat("de", { dateStyle: "long" }).format(d), new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", timeStyle: "short" }).format(d), new Intl.DateTimeFormat("ja-JP-u-ca-japanese").format(d), new Intl.DateTimeFormat("en", { weekday: "short", hour: "numeric", hour12: false }).format(0)].map((s) => s.replace(/\\s/g, " "))',
    ['5/3/2024', '3. Mai 2024', '11:04 AM', 'R6/5/3', 'Thu, 00'],
  ],
  'parts and ranges of dates': [
    'const f = new Intl.DateTimeFormat("en-US"); return [f.formatToParts(0).map((p) => p.value).join(""), f.formatRange(0, 864e5).replace(/\\s/g, " "), f.formatRangeToParts(0, 864e5).some((p) => p.source === "shared"), throws(() => f.formatRange(0))]',
    ['1/1/1970', '1/1/1970 – 1/2/1970', true, 'TypeError'],
  ],
  'dates without a date are now':
    'const f = new Intl.DateTimeFormat("en"); return f.format() === f.format(Date.now()) && f.format(undefined) === f.format(new Date()) && f.formatToParts().length === 5',
  'bad dates and zones': [
    'return [throws(() => new Intl.DateTimeFormat().format(NaN)), throws(() => new Intl.DateTimeFormat("en", { timeZone: "Mars/Base" })), throws(() => new Intl.DateTimeFormat("en", { dateStyle: "full", year: "numeric" })), throws(() => new Intl.DateTimeFormat("en", { month: "x" }))]',
    ['RangeError', 'RangeError', 'TypeError', 'RangeError'],
  ],
  'the zone is UTC and the locale en-US': [
    'const o = new Intl.DateTimeFormat().resolvedOptions(); return [o.locale, o.timeZone, o.calendar, o.numberingSystem, new Intl.NumberFormat().resolvedOptions().locale]',
    ['en-US', 'UTC', 'gregory', 'latn', 'en-US'],
  ],
  collation: [
    'return [["z", "ä", "a", "Z"].sort(new Intl.Collator("de").compare), ["z", "ä", "a"].sort(new Intl.Collator("sv").compare), ["10", "9"].sort(new Intl.Collator("en", { numeric: true }).compare), new Intl.Collator("en", { sensitivity: "base" }).compare("a", "Á"), new Intl.Collator().compare.length]',
    [['a', 'ä', 'z', 'Z'], ['a', 'z', 'ä'], ['9', '10'], 0, 2],
  ],
  'localeCompare with locales and options': [
    'return ["ä".localeCompare("z", "de"), "ä".localeCompare("z", "sv"), "a".localeCompare("A", undefined, { sensitivity: "base" }), "2".localeCompare("10", undefined, { numeric: true }), throws(() => "a".localeCompare("b", "not a locale"))]',
    [-1, 1, 0, -1, 'RangeError'],
  ],
  plurals: [
    'return [new Intl.PluralRules("en").select(1), new Intl.PluralRules("en", { type: "ordinal" }).select(2), new Intl.PluralRules("ar").select(3), new Intl.PluralRules("pl").select(5), new Intl.PluralRules("en").selectRange(0, 1)]',
    ['one', 'two', 'few', 'many', 'other'],
  ],
  lists: [
    'const l = (o, x) => new Intl.ListFormat("en", o).format(x); return [l({}, ["a", "b", "c"]), l({ type: "disjunction" }, ["a", "b"]), l({ type: "unit", style: "narrow" }, ["1", "2"]), l({}, []), l({}, new Set(["x"])), new Intl.ListFormat("en").formatToParts(["a", "b"]).length, throws(() => l({}, [1]))]',
    ['a, b, and c', 'a or b', '1 2', '', 'x', 3, 'TypeError'],
  ],
  'relative times': [
    'const r = new Intl.RelativeTimeFormat("en", { numeric: "auto" }); return [r.format(-1, "day"), r.format(3, "weeks"), r.format(-0, "year"), new Intl.RelativeTimeFormat("de").format(2, "month"), r.formatToParts(10, "day").length, throws(() => r.format(1, "parsec")), throws(() => r.format(NaN, "day"))]',
    ['yesterday', 'in 3 weeks', 'this year', 'in 2 Monaten', 3, 'RangeError', 'RangeError'],
  ],
  names: [
    'const n = (type, of, o) => new Intl.DisplayNames("en", { type, ...o }).of(of); return [n("region", "DE"), n("language", "fr"), n("currency", "USD"), n("script", "Latn"), n("language", "xx", { fallback: "none" }) === undefined, throws(() => new Intl.DisplayNames("en")), throws(() => n("region", "nope"))]',
    ['Germany', 'French', 'US Dollar', 'Latin', true, 'TypeError', 'RangeError'],
  ],
  segments: [
    'const s = new Intl.Segmenter("en", { granularity: "word" }).segment("Hi, you 👨‍👩‍👧"); return [[...s].filter((x) => x.isWordLike).map((x) => x.segment), s.containing(1), [...new Intl.Segmenter().segment("👨‍👩‍👧e\\u0301")].length, [...new Intl.Segmenter("en", { granularity: "sentence" }).segment("A b. C d.")].map((x) => x.segment)]',
    [
      ['Hi', 'you'],
      { segment: 'Hi', index: 0, input: 'Hi, you 👨‍👩‍👧', isWordLike: true },
      2,
      ['A b. ', 'C d.'],
    ],
  ],
  'segments by position': [
    'const s = new Intl.Segmenter("en").segment("abc"); return [s.containing().segment, s.containing(2.9).segment, s.containing(-1) === undefined, s.containing(3) === undefined, s.containing("1").segment, s.containing(NaN).segment, Object.keys(s.containing(0))]',
    ['a', 'c', true, true, 'b', 'a', ['segment', 'index', 'input']],
  ],
  'iterators of segments': [
    'const it = new Intl.Segmenter("en").segment("ab")[Symbol.iterator](); return [Object.prototype.toString.call(it), it[Symbol.iterator]() === it, it.next().value.segment, it.next().done, it.next(), Object.getPrototypeOf(Object.getPrototypeOf(it)) === Iterator.prototype]',
    ['[object Segmenter String Iterator]', true, 'a', false, { done: true }, true],
  ],
  durations: [
    'return [new Intl.DurationFormat("en", { style: "long" }).format({ hours: 1, minutes: 30 }), new Intl.DurationFormat("en", { style: "digital" }).format({ hours: 1, minutes: 2, seconds: 3 }), new Intl.DurationFormat("en").formatToParts({ days: 2 })[0].value, throws(() => new Intl.DurationFormat("en").format({ hours: 1, minutes: -1 })), throws(() => new Intl.DurationFormat("en").format(1))]',
    ['1 hour, 30 minutes', '1:02:03', '2', 'RangeError', 'TypeError'],
  ],
  locales: [
    'const l = new Intl.Locale("zh-Hant-TW-u-nu-latn", { calendar: "roc" }); return [l.toString(), l.language, l.script, l.region, l.calendar, l.numberingSystem, l.baseName, l.hourCycle === undefined, l.numeric, new Intl.Locale("en").maximize().toString(), new Intl.Locale("en-Latn-US").minimize().toString(), String(new Intl.Locale("DE-at"))]',
    [
      'zh-Hant-TW-u-ca-roc-nu-latn',
      'zh',
      'Hant',
      'TW',
      'roc',
      'latn',
      'zh-Hant-TW',
      true,
      false,
      'en-Latn-US',
      'en',
      'de-AT',
    ],
  ],
  'locales as arguments': [
    'const l = new Intl.Locale("fr"); return [new Intl.NumberFormat(l).format(1.5), new Intl.NumberFormat([l, "en"]).format(1.5), new Intl.NumberFormat(["xx", "de"]).resolvedOptions().locale, throws(() => new Intl.NumberFormat(null)), throws(() => new Intl.NumberFormat([1])), throws(() => new Intl.NumberFormat("x_y")), new Intl.NumberFormat([]).resolvedOptions().locale]',
    ['1,5', '1,5', 'de', 'TypeError', 'TypeError', 'RangeError', 'en-US'],
  ],
  'bad locales': [
    'return [throws(() => new Intl.Locale()), throws(() => new Intl.Locale("x")), throws(() => Intl.Locale("en")), throws(() => new Intl.Locale("en", null)), throws(() => Intl.Locale.prototype.toString.call({}))]',
    ['TypeError', 'RangeError', 'TypeError', 'TypeError', 'TypeError'],
  ],
  'what is supported': [
    'return [Intl.getCanonicalLocales("EN-us"), Intl.getCanonicalLocales(["de-DE", "de-DE"]), Intl.getCanonicalLocales(), Intl.supportedValuesOf("currency").includes("EUR"), throws(() => Intl.supportedValuesOf("nope")), Intl.NumberFormat.supportedLocalesOf(["de", "tlh"]), throws(() => Intl.getCanonicalLocales("a_b"))]',
    [['en-US'], ['de-DE'], [], true, 'RangeError', ['de'], 'RangeError'],
  ],
  'calling without new': [
    'return ["NumberFormat", "DateTimeFormat", "Collator", "PluralRules", "ListFormat", "RelativeTimeFormat", "DisplayNames", "Segmenter", "DurationFormat"].map((k) => throws(() => Intl[k]("en")))',
    [
      'nothing',
      'nothing',
      'nothing',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
    ],
  ],
  'a plain call gives an instance':
    'return Intl.NumberFormat("en") instanceof Intl.NumberFormat && Intl.DateTimeFormat().format(0) === "1/1/1970"',
  'subclasses of formatters':
    'class F extends Intl.NumberFormat { twice(n) { return this.format(n * 2) } } const f = new F("de"); return f.twice(0.75) === "1,5" && f instanceof F',
  'methods check their receiver':
    'return throws(() => Intl.NumberFormat.prototype.format) === "TypeError" && throws(() => Intl.PluralRules.prototype.select.call(new Intl.NumberFormat(), 1)) === "TypeError" && throws(() => Intl.Segmenter.prototype.segment.call({}, "")) === "TypeError"',
  'classes of Intl': [
    'return ["Collator", "DateTimeFormat", "DisplayNames", "DurationFormat", "ListFormat", "Locale", "NumberFormat", "PluralRules", "RelativeTimeFormat", "Segmenter"].map((k) => [Intl[k].name, Intl[k].length, flags(Intl, k), flags(Intl[k], "prototype"), Intl[k].prototype[Symbol.toStringTag], flags(Intl[k].prototype, Symbol.toStringTag), Intl[k].prototype.constructor === Intl[k]].join(" "))',
    [
      'Collator 0 w-c --- Intl.Collator --c true',
      'DateTimeFormat 0 w-c --- Intl.DateTimeFormat --c true',
      'DisplayNames 2 w-c --- Intl.DisplayNames --c true',
      'DurationFormat 0 w-c --- Intl.DurationFormat --c true',
      'ListFormat 0 w-c --- Intl.ListFormat --c true',
      'Locale 1 w-c --- Intl.Locale --c true',
      'NumberFormat 0 w-c --- Intl.NumberFormat --c true',
      'PluralRules 0 w-c --- Intl.PluralRules --c true',
      'RelativeTimeFormat 0 w-c --- Intl.RelativeTimeFormat --c true',
      'Segmenter 0 w-c --- Intl.Segmenter --c true',
    ],
  ],
  'methods of Intl are methods':
    'return all(method(Intl, "getCanonicalLocales", 1), method(Intl, "supportedValuesOf", 1), method(Intl.NumberFormat.prototype, "formatToParts", 1), method(Intl.NumberFormat.prototype, "formatRange", 2), method(Intl.DateTimeFormat.prototype, "formatRangeToParts", 2), method(Intl.PluralRules.prototype, "select", 1), method(Intl.ListFormat.prototype, "format", 1), method(Intl.RelativeTimeFormat.prototype, "format", 2), method(Intl.DisplayNames.prototype, "of", 1), method(Intl.Segmenter.prototype, "segment", 1), method(Intl.NumberFormat, "supportedLocalesOf", 1), method(Intl.Locale.prototype, "maximize", 0), method(Intl.Collator.prototype, "resolvedOptions", 0))',
  'accessors of Intl':
    'return flags(Intl.NumberFormat.prototype, "format") === "g-c" && flags(Intl.Collator.prototype, "compare") === "g-c" && flags(Intl.Locale.prototype, "region") === "g-c" && Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, "format").get.name === "get format"',
  'Intl itself':
    'return Object.prototype.toString.call(Intl) === "[object Intl]" && flags(globalThis, "Intl") === "w-c" && Object.getPrototypeOf(Intl) === Object.prototype && Object.keys(Intl).length === 0',
  'resolved options': [
    'return [Object.keys(new Intl.NumberFormat("en", { style: "currency", currency: "USD" }).resolvedOptions()).slice(0, 5), new Intl.PluralRules().resolvedOptions().pluralCategories, new Intl.Collator("de-u-co-phonebk").resolvedOptions().collation, new Intl.DateTimeFormat("en", { dateStyle: "short" }).resolvedOptions().dateStyle]',
    [
      ['locale', 'numberingSystem', 'style', 'currency', 'currencyDisplay'],
      ['one', 'other'],
      'phonebk',
      'short',
    ],
  ],
  'options that are no objects': [
    'return [throws(() => new Intl.NumberFormat("en", null)), throws(() => new Intl.ListFormat("en", "x")), throws(() => new Intl.Segmenter("en", null)), throws(() => new Intl.NumberFormat("en", 5))]',
    ['TypeError', 'TypeError', 'TypeError', 'nothing'],
  ],
}
