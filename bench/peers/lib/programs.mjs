// Guest programs. Each is the body of an async function; the only host surface is `tool(name, args)`.
const gen = `let s=12345;const rnd=()=>(s=(Math.imul(s,1103515245)+12345)>>>0)/4294967296;`

export const trivial = 'return 1+1'

// The kernel: four parts timed apart, so that an engine's weak spot shows.
export const kernel = {
  fib: 'function fib(n){return n<2?n:fib(n-1)+fib(n-2)} let t=0; for(let i=0;i<4;i++) t+=fib(27); return t',
  sort: `${gen}const a=new Array(200000); for(let i=0;i<a.length;i++) a[i]=rnd(); a.sort((x,y)=>x-y); return a[0]<=a[1]`,
  json: `${gen}const rows=[]; for(let i=0;i<31000;i++) rows.push({id:i,name:'customer-'+i,score:Math.floor(rnd()*1e6)/1e3,tags:['alpha','beta','gamma'],
    nested:{ok:i%2===0,when:'2026-01-01T00:00:00Z',note:'row number '+i}}); const t=JSON.stringify(rows); const b=JSON.parse(t); return [t.length,b.length]`,
  regex: `${gen}const w=['invoice','a-17','user42-eio','2026-03-04','x@example.org','total: 19.99','lorem','ipsum']; const p=[]; for(let i=0;i<40000;i++) p.push(w[Math.floor(rnd()*w.length)]);
    const t=p.join(' '); let n=0; for (const r of [/\\b[a-z]+(\\d{2,4})-[aeiou]+\\b/g,/(\\d{4})-(\\d{2})-(\\d{2})/g,/[\\w.]+@[\\w.]+\\.[a-z]{2,}/g]) for (const m of t.matchAll(r)) n+=m[0].length;
    return n+t.replace(/total: (\\d+)\\.(\\d+)/g,'$1,$2').length`,
}

export const toolCalls = (n) =>
  `let t=0; for(let i=0;i<${n};i++) t+=(await tool('echo',{i})).i; return t`
export const toolBig = `const r=await tool('big',{}); return r.length`
export const hold = `await tool('hold',{}); return 1`

export const runaway = {
  'sync-loop': 'while(true){}',
  'microtask-loop': 'for(;;) await null',
  'never-settles': 'await new Promise(()=>{})',
}

export const bombs = {
  'array-bomb': 'const a=[]; while(1) a.push(new Array(1e6).fill(1))',
  'buffer-bomb': 'const a=[]; while(1) a.push(new Uint8Array(1e7).fill(1))',
}

// Tries every ordinary way (and the oldest trick: the constructor of a host function) to reach things it should not reach.
// It only says what it got; the host decides what counts (was the file written, did the listener see a hit).
export const access = ({ secretFile, writeFile, port }) => `
const out={}; const S=${JSON.stringify(secretFile)}, W=${JSON.stringify(writeFile)}, U='http://127.0.0.1:${port}/';
const viaCtor=()=>tool.constructor.constructor('return typeof process==="object"&&process')();
const procs=()=>{const l=[]; try{ if(typeof process==='object'&&process) l.push(process) }catch{} try{ const p=viaCtor(); if(p) l.push(p) }catch{} return l};
const mod=async(n)=>{ for(const p of procs()){ try{ const m=p.getBuiltinModule(n); if(m) return m }catch{} } try{ if(typeof require==='function') return require(n) }catch{} return await import('node:'+n) };
const first=async(...fs)=>{ let e; for(const f of fs){ try{ const v=await f(); if(v!==undefined) return v }catch(x){ e=x } } throw e||new Error('nothing') };
const put=async(k,...fs)=>{ try{ out[k]=String(await first(...fs)) }catch(e){ out[k]='denied: '+String(e&&e.message||e).slice(0,90) } };
await put('fsRead',async()=>(await mod('fs')).readFileSync(S,'utf8'),()=>Deno.readTextFileSync(S),()=>Bun.file(S).text());
await put('fsWrite',async()=>{ (await mod('fs')).writeFileSync(W,'x'); return 'ok' },()=>{ Deno.writeTextFileSync(W,'x'); return 'ok' },async()=>{ await Bun.write(W,'x'); return 'ok' });
await put('net',async()=>{ const r=await fetch(U); return 'status '+r.status },async()=>{ const http=await mod('http'); return await new Promise((y,n)=>{ http.get(U,r=>y('status '+r.statusCode)).on('error',n) }) });
await put('env',()=>{ for(const p of procs()) if(p.env&&p.env.BENCH_SECRET) return p.env.BENCH_SECRET; throw new Error('no env') },()=>Deno.env.get('BENCH_SECRET'));
await put('spawn',async()=>{ (await mod('child_process')).execFileSync('/bin/true'); return 'ok' },async()=>{ await new Deno.Command('/bin/true').output(); return 'ok' });
await put('pid',()=>{ for(const p of procs()) if(p.pid) return p.pid; throw new Error('no process') });
return out`
