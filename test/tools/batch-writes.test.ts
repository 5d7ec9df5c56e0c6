import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBatchSections, readBatchSections } from '../../src/documents/batch-plan.ts';
import { readSections } from '../../src/documents/sections.ts';
import { startClient } from '../support/client.ts';
import { addFiles, type TestClient } from '../support/connect.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A client that may write. */
async function ready(root: string): Promise<TestClient['call']> {
  const { call } = await startClient({ args: ['--root', root] });
  await call('read_context', { task: 'Write the documents.' });
  return call;
}

interface WrittenSection {
  readonly heading: string;
  readonly text: string;
}

/** A Chinese design document with paragraphs, lists, tables and code. */
function designDocument(): WrittenSection[] {
  const modules = ['订单', '库存', '支付', '用户', '通知', '报表', '权限', '日志', '搜索', '配置'];
  return modules.flatMap((name, index) => [
    { heading: `## ${index + 1}. ${name}模块`, text: `本模块负责${name}相关的全部业务，由 \`services/${index}.py\` 实现。` },
    {
      heading: '### 处理流程',
      text: Array.from(
        { length: 18 },
        (_, step) => `${step + 1}. 第 ${step + 1} 步校验${name}数据，失败时返回错误码 E${index}${step}。`,
      ).join('\n'),
    },
    {
      heading: '### 数据结构',
      text: [
        '| 字段 | 类型 | 说明 |',
        '| --- | --- | --- |',
        ...Array.from({ length: 12 }, (_, field) => `| field_${field} | bigint | ${name}的第 ${field} 个字段 |`),
      ].join('\n'),
    },
    {
      heading: '### 示例代码',
      text: [
        '```python',
        '# 这不是标题',
        ...Array.from({ length: 10 }, (_, line) => `value_${line} = compute(${line})`),
        '```',
        '',
        `以上代码演示了${name}模块的调用方式。`,
      ].join('\n'),
    },
  ]);
}

function documentOf(sections: readonly WrittenSection[], text: (section: WrittenSection) => string): string {
  return `# 系统设计\n\n${sections.map((each) => `${each.heading}\n\n${text(each)}\n`).join('\n')}`;
}

it('leads a long Chinese document through its sections, three of them cut on the way', async () => {
  const root = await temporaryFolder();
  const call = await ready(root);
  const sections = designDocument();
  const wanted = documentOf(sections, ({ text }) => text);
  expect(wanted.split('\n').length).toBeGreaterThan(600);

  const early = await call('write_file', { path: 'docs/设计.md', section: '处理流程', content: '先写这里。' });
  expect(early.text).toContain('its skeleton comes first');
  let written = await call('write_file', { path: 'docs/设计.md', content: documentOf(sections, () => '[TBD]') });
  expect(written.isError).toBe(false);

  const cutAt = new Set([5, 14, 27]);
  for (const [index, section] of sections.entries()) {
    const name = String(written.structured.next_section);
    expect(written.text).toContain(`"section":${JSON.stringify(name)}`);
    if (index === 3) {
      const later = await call('write_file', { path: 'docs/设计.md', section: '4. 用户模块', content: '太早了。' });
      expect(later.text).toContain(`is not next: "${name}"`);
    }
    if (cutAt.has(index)) {
      const cut = await call('write_file', {
        path: 'docs/设计.md',
        section: name,
        content: section.text.slice(0, section.text.length / 2 + 3),
      });
      expect(cut.isError).toBe(true);
      expect(cut.text).toContain('looks cut');
      expect(cut.text).toContain(`"section":${JSON.stringify(name)}`);
    }
    written = await call('write_file', { path: 'docs/设计.md', section: name, content: section.text });
    expect(written.text).toContain('Read back from disk');
  }
  expect(written.structured.next_section).toBe('');
  expect(await readFile(path.join(root, 'docs/设计.md'), 'utf8')).toBe(wanted);
  expect((await call('check_batch_write', { path: 'docs/设计.md' })).structured).toMatchObject({ next: 'complete', suspected: [] });
  expect((await call('read_context')).structured.unfinished).toEqual([]);
});

/** A module of several parts, as Ruff formats it. */
function moduleParts(): WrittenSection[] {
  return Array.from({ length: 10 }, (_, index) => ({
    heading: `prices of group ${index}`,
    text: Array.from({ length: 8 }, (__, each) =>
      [`def price_${index}_${each}(count: int) -> int:`, '    """Price of so many."""', `    return count * ${index * 10 + each}`].join(
        '\n',
      ),
    ).join('\n\n\n'),
  }));
}

it('writes a long module part by part, and holds it to the rules when the last one is in', async () => {
  const root = await temporaryFolder();
  const call = await ready(root);
  const parts = moduleParts();
  const head = '"""Prices."""\n\nTAX = 19\n';
  const wanted = `${head}\n\n${parts.map(({ text }) => text).join('\n\n\n')}\n\n\ndef total() -> int:\n    """Of everything."""\n    return price_0_0(TAX) + price_7_7(TAX)\n`;
  expect(wanted.split('\n').length).toBeGreaterThan(400);
  const file = 'src/services/prices.py';

  const advice = await call('check_batch_write', { path: file, expected_lines: 400 });
  expect(advice.text).toContain('usually wants to be split first');
  const last = 'total';
  const outline = `${head}\n\n${[...parts.map(({ heading }) => heading), last].map((name) => `# [TBD] ${name}`).join('\n\n\n')}\n`;
  let written = await call('write_file', { path: file, content: outline });
  expect(written.text).toContain('11 open');
  const found = await call('check_code', { paths: [file], rules: ['code/no-placeholder'] });
  expect(found.structured.counts).toMatchObject({ errors: 11 });

  for (const [index, { heading, text }] of parts.entries()) {
    expect(written.structured.next_section).toBe(heading);
    if ([1, 4, 6].includes(index)) {
      const cut = await call('write_file', { path: file, section: heading, content: text.slice(0, text.length / 2 - 3) });
      expect(cut.isError).toBe(true);
    }
    if (index === 2) expect((await call('write_file', { path: file, section: last, content: text })).text).toContain('is not next');
    written = await call('write_file', { path: file, section: heading, content: text });
    expect(written.isError).toBe(false);
  }
  const undefinedName = await call('write_file', {
    path: file,
    section: last,
    content: 'def total() -> int:\n    """All."""\n    return gone(TAX)\n',
  });
  expect(undefinedName.text).toContain('`gone` is not defined');
  written = await call('write_file', { path: file, section: last, content: wanted.slice(wanted.indexOf('def total')) });
  expect(written.isError).toBe(false);
  expect(await readFile(path.join(root, file), 'utf8')).toBe(wanted);
});

const CUT = 'Install it first, and then call the function with the result';

it('goes on after a restart, and follows what other tools wrote', async () => {
  const root = await temporaryFolder();
  const file = 'docs/guide.md';
  const first = await ready(root);
  await first('write_file', { path: file, content: '# Guide\n\n## Start\n\n[TBD]\n\n## Use\n\n[TBD]\n\n## End\n\n[TBD]\n' });
  const cut = await first('write_file', { path: file, section: 'Start', content: CUT });
  expect(cut.text).toContain('looks cut');

  const second = await startClient({ args: ['--root', root] });
  const context = await second.call('read_context', { task: 'Go on.' });
  expect(context.structured.unfinished).toEqual([{ path: file, section: 'Start' }]);
  expect(context.text).toContain(`Unfinished: ${file}`);
  const repeated = await second.call('write_file', { path: file, section: 'Start', content: CUT });
  expect(repeated.text).toContain('looks cut');
  const again = await second.call('write_file', { path: file, section: 'Start', content: CUT });
  expect(again.isError).toBe(false);

  const text = await readFile(path.join(root, file), 'utf8');
  await writeFile(path.join(root, file), text.replace('## Use\n\n[TBD]', '## Use\n\nCall the function with the'));
  const check = await second.call('check_batch_write', { path: file });
  expect(check.structured).toMatchObject({ next: 'rewrite_section', next_section: 'Use', suspected: [{ section: 'Use', line: 9 }] });
  const different = await second.call('check_batch_write', { path: file, section: 'Use', content: 'Call the function with the result.\n' });
  expect(different.text).toContain('is not what was sent: 1 line there, 1 sent, different from line 1 on');
  await second.call('write_file', { path: file, section: 'Use', content: 'Call the function with the result.' });
  await second.call('write_file', { path: file, section: 'End', content: 'That is all.' });
  expect((await second.call('check_batch_write', { path: file })).structured).toMatchObject({ next: 'complete' });
  await rm(path.join(root, file));
  expect((await second.call('read_context')).structured.unfinished).toEqual([]);
});

it('takes what another tool wrote for whole only when it was said to be so after it was reported', async () => {
  const root = await temporaryFolder();
  await addFiles(root, { 'docs/a.md': `# A\n\n${CUT}\n\n## B\n\n[TBD]\n` });
  const { call } = await startClient({ args: ['--root', root] });
  const check = () => call('check_batch_write', { path: 'docs/a.md', section: 'A', content: `# A\n\n${CUT}` });
  expect((await check()).structured).toMatchObject({ next: 'rewrite_section', suspected: [{ section: 'A', line: 3 }] });
  expect((await check()).structured).toMatchObject({ next: 'fill_section', next_section: 'B', suspected: [] });
});

it('holds edits to the same order, and loses nothing beside the marker', async () => {
  const root = await temporaryFolder();
  const rest = 'Kept by hand.\n\n[TBD]\n\n<a id="b"></a>\n[link]: https://example.org\n';
  await addFiles(root, { 'docs/a.md': `[TBD]\n\n# A\n\n${rest}\n## B\n[TBD]\n## C\n\n| x |\n|---|\n| [TBD] |\n` });
  const call = await ready(root);
  const edit = (old: string, text: string) => call('write_file', { path: 'docs/a.md', edits: [{ old, new: text }] });
  expect((await edit('## B\n[TBD]', '## B\nSoon.')).text).toContain('is not next: "(before the first heading)"');
  expect((await call('write_file', { path: 'docs/a.md', section: '(before the first heading)', content: 'Before.' })).isError).toBe(false);
  expect((await call('write_file', { path: 'docs/a.md', section: 'A', content: '# A' })).text).toContain('No text is given for "A"');
  expect((await edit('Kept by hand.\n\n[TBD]', 'Kept by hand.\n\n```sh\nmake')).text).toContain('looks cut');
  expect((await edit('Before.', 'After.')).text).toContain('What was sent for "A" looked cut');
  expect((await call('write_file', { path: 'docs/a.md', section: 'A', content: '# A\n\nFilled.' })).isError).toBe(false);
  expect((await call('write_file', { path: 'docs/a.md', section: 'B', content: '<details>\nMore.\n</details>' })).isError).toBe(false);
  expect(await readFile(path.join(root, 'docs/a.md'), 'utf8')).toBe(
    `Before.\n\n# A\n\n${rest.replace('[TBD]', 'Filled.')}\n## B\n<details>\nMore.\n</details>\n\n## C\n\n| x |\n|---|\n| [TBD] |\n`,
  );
  expect((await call('check_batch_write', { path: 'docs/a.md' })).structured).toMatchObject({ next: 'complete' });
});

it.each([
  ['zeros', '\0\0'],
  ['no JSON', '{"files": 1'],
])('works on with a journal of %s', async (_name, journal) => {
  const root = await temporaryFolder();
  await addFiles(root, { 'docs/a.md': '# A\n\n[TBD]\n', '.ai/temp/.python-engineer-batches.json': journal });
  const call = await ready(root);
  expect((await call('write_file', { path: 'docs/a.md', section: 'A', content: CUT })).text).toContain('looks cut');
  expect((await call('write_file', { path: 'docs/a.md', section: 'A', content: CUT })).isError).toBe(false);
});

it('does not take a text whose section was lost on the way for the whole document', async () => {
  const root = await temporaryFolder();
  const call = await ready(root);
  const skeleton = '# Guide\n\n## Start\n\n[TBD]\n\n## Use\n\n[TBD]\n';
  await call('write_file', { path: 'docs/a.md', content: skeleton });
  const lost = await call('write_file', { path: 'docs/a.md', content: 'Install it first.' });
  expect(lost.text).toContain('this text lacks "Start", which is still open');
  expect(await readFile(path.join(root, 'docs/a.md'), 'utf8')).toBe(skeleton);
  expect(
    (await call('write_file', { path: 'docs/a.md', content: '# Guide\n\n## Start\n\nInstall it.\n\n## Use\n\nUse it.\n' })).isError,
  ).toBe(false);
});

it('tells parts of one name apart, and documents with lone carriage returns', async () => {
  const root = await temporaryFolder();
  await addFiles(root, { 'a.py': '"""A."""\n\n# [TBD] part\n\n# [TBD] part\n', 'docs/a.md': '# A\r\r[TBD]\r' });
  const call = await ready(root);
  const first = await call('write_file', { path: 'a.py', section: 'part', content: 'A = 1' });
  expect(first.structured.next_section).toBe('part');
  expect((await call('write_file', { path: 'docs/a.md', section: 'A', content: 'Text.' })).text).toContain('lone carriage returns');
});

it('forgets a suspicion with the next text that is whole, and takes a repeated call for what it is', async () => {
  const root = await temporaryFolder();
  const text = '# D\n\n## A\n\nOld whole text.\n\n## B\n\nIntro kept.\n\n[TBD]\n\n### B1\n\n[TBD]\n\n## C\n\n[TBD]\n';
  await addFiles(root, { 'docs/a.md': text, 'a.py': '"""A."""\n\n# [TBD] part\n\n# [TBD] part\n' });
  const call = await ready(root);
  const fill = (section: string, content: string) => call('write_file', { path: 'docs/a.md', section, content });
  expect((await fill('A', CUT)).text).toContain('looks cut');
  expect((await call('check_batch_write', { path: 'docs/a.md' })).structured).toMatchObject({ next: 'rewrite_section', next_section: 'A' });
  expect((await fill('A', 'Old whole text.')).structured).toMatchObject({ action: 'unchanged', next_section: 'B' });
  expect((await fill('B', 'The section has one part:')).isError).toBe(false);
  expect((await fill('B', 'The section has one part:')).structured.action).toBe('unchanged');
  expect((await fill('B1', 'It has no parts:')).text).toContain('ends with a colon');
  expect((await fill('B1', 'Nested.\n\n#### Deeper\n\nIt is whole.')).isError).toBe(false);
  expect((await fill('B1', 'Nested.\n\n#### Deeper\n\nIt is whole.')).structured.action).toBe('unchanged');
  expect((await fill('A', 'One.\n\nTwo.')).isError).toBe(false);
  expect((await fill('A', 'Two.')).structured.action).toBe('edited');
  expect((await fill('A', 'Old whole text.')).structured.action).toBe('edited');
  expect((await fill('C', `Begins, and then ${CUT}\n\n### Part\n\nWhole.`)).text).toContain('looks cut at its line 1');
  expect((await fill('C', '**[TBD]**')).text).toContain('No text is given');
  expect((await fill('C', 'Done.')).structured.next_section).toBe('');
  expect(await readFile(path.join(root, 'docs/a.md'), 'utf8')).toBe(
    text.replace('[TBD]', 'The section has one part:').replace('[TBD]', 'Nested.\n\n#### Deeper\n\nIt is whole.').replace('[TBD]', 'Done.'),
  );
  const part = { path: 'a.py', section: 'part', content: 'ONE = 1' };
  await call('write_file', part);
  expect((await call('write_file', part)).structured).toMatchObject({ action: 'unchanged', next_section: 'part' });
});

it('keeps to one section while another looks cut', async () => {
  const root = await temporaryFolder();
  await addFiles(root, { 'docs/a.md': '# A\n\nOne.\n\n## B\n\nTwo.\n\n## C\n\n[TBD]\n' });
  const call = await ready(root);
  await call('write_file', { path: 'docs/a.md', section: 'C', content: '```python\nvalue = 1\n' });
  const other = await call('write_file', { path: 'docs/a.md', section: 'B', content: 'Other.' });
  expect(other.text).toContain('What was sent for "C" looked cut');
  expect((await call('write_file', { path: 'docs/a.md', section: 'C', content: '```python\nvalue = 1\n```' })).isError).toBe(false);
  expect((await call('write_file', { path: 'docs/a.md', section: 'B', content: 'Other.' })).isError).toBe(false);
  expect(await readFile(path.join(root, 'docs/a.md'), 'utf8')).toBe('# A\n\nOne.\n\n## B\n\nOther.\n\n## C\n\n```python\nvalue = 1\n```\n');
});

describe('headings of all kinds', () => {
  const DOCUMENT = [
    '---\ntitle: 示例\n# no heading\n---\n',
    'Title\n=====\n\nIntro.\n',
    '## 一、概述\n\n[TBD]\n',
    '### Errors\n\n[TBD]\n',
    '## 2.1 Orders ##\n\n```md\n## Errors\n[TBD]\n```\n',
    '### Errors\n\n[TBD]\n',
    'Closing\n-------\n\n[TBD]\n',
  ].join('\n');

  it('fills exactly the one that is meant', async () => {
    const root = await temporaryFolder();
    await addFiles(root, { 'docs/a.md': DOCUMENT.replaceAll('\n', '\r\n') });
    const call = await ready(root);
    const fill = (section: string, content: string) => call('write_file', { path: 'docs/a.md', section, content });
    expect((await fill('一、概述', '概述文字。')).isError).toBe(false);
    expect((await fill('Errors', 'None.')).text).toContain('Name one of: "一、概述 > Errors", "2.1 Orders > Errors".');
    expect((await fill('一、概述 > Errors', '### Errors\n\nNone here.')).isError).toBe(false);
    expect((await fill('2.1 Orders > Errors', 'One.\n\n#### Details\n\nMore.')).isError).toBe(false);
    expect((await fill('2.1 Orders > Errors', 'One.\n\n#### Other\n\nMore.')).text).toContain('has sections of its own already');
    expect((await fill('Closing', 'The end.\n---\n')).text).toContain('would change the other sections');
    expect((await fill('## Closing', 'The end.')).isError).toBe(false);
    const wanted = DOCUMENT.replace('概述\n\n[TBD]', '概述\n\n概述文字。')
      .replace('Errors\n\n[TBD]', 'Errors\n\nNone here.')
      .replace('Errors\n\n[TBD]', 'Errors\n\nOne.\n\n#### Details\n\nMore.')
      .replace('-------\n\n[TBD]', '-------\n\nThe end.');
    expect(await readFile(path.join(root, 'docs/a.md'), 'utf8')).toBe(wanted.replaceAll('\n', '\r\n'));
  });
});

const line = fc.constantFrom(
  'A sentence.',
  '文字。',
  '- item',
  '| a | b |',
  '> quote',
  '`code`',
  '',
  'Setext',
  '---',
  '<!-- note -->',
  '    code',
  '[TBD]',
);
const heading = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.constantFrom('One', 'Two', '三', '`Four`'))
  .map(([level, title]) => `${'#'.repeat(level)} ${title}`);
const fence = fc
  .array(fc.constantFrom('# comment', 'x = 1', '[TBD]', ''), { maxLength: 3 })
  .map((lines) => ['```python', ...lines, '```'].join('\n'));
const documents = fc
  .record({
    blocks: fc.array(fc.oneof({ weight: 3, arbitrary: line }, { weight: 2, arbitrary: heading }, { weight: 1, arbitrary: fence }), {
      minLength: 1,
      maxLength: 14,
    }),
    separator: fc.constantFrom('\n', '\n\n'),
    ending: fc.constantFrom('', '\n', '\n\n'),
    crlf: fc.boolean(),
  })
  .map(({ blocks, separator, ending, crlf }) => {
    const text = blocks.join(separator) + ending;
    return { text: crlf ? text.replaceAll('\n', '\r\n') : text, ending: crlf ? ('crlf' as const) : ('lf' as const) };
  });

describe('properties', () => {
  it('filling any section of any document changes nothing outside it', async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.nat(), async ({ text, ending }, choice) => {
        const sections = await readSections(text);
        const section = sections[choice % Math.max(1, sections.length)];
        const own = (await readBatchSections('a.md', text)).find((each) => each.line === section?.startLine);
        // A marker within a paragraph is filled only where that changes no other section, which write_file looks at.
        if (section === undefined || own === undefined || /[^\s#][^\n]*\n[ \t]*\[TBD\]/.test(own.text)) return;
        const filled = own.filledWith('Filled in.', ending);
        const before = text.slice(0, section.bodyStart === section.bodyEnd ? section.headingEnd : section.bodyStart);
        expect(filled.startsWith(before)).toBe(true);
        expect(filled.endsWith(text.slice(section.bodyEnd))).toBe(true);
        const after = await readBatchSections('a.md', filled);
        expect(after.map((each) => [each.level, each.line === own.line ? '' : each.text])).toEqual(
          (await readBatchSections('a.md', text)).map((each) => [each.level, each.line === own.line ? '' : each.text]),
        );
        const filledText = after.find((each) => each.line === own.line)?.text;
        if (own.isOpen) expect(filledText?.replace('Filled in.', '[TBD]').replaceAll(/\s/g, '')).toBe(own.text.replaceAll(/\s/g, ''));
        else expect(filledText).toBe('Filled in.');
      }),
      { numRuns: 2000 },
    );
  });

  it('leads from what the file holds at any moment to the finished document', async () => {
    const parts = fc.array(fc.tuple(heading, fc.constantFrom('文字。', '- a\n- b', '```sh\nmake # [TBD]\n```', '| a |\n|---|\n| b |')), {
      minLength: 1,
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(), async (sections, crash) => {
        const render = (done: number): string =>
          sections.map(([title, text], index) => `${title}\n\n${index < done ? text : '[TBD]'}\n`).join('\n');
        // What is known after a crash is the file alone.
        let text = render(crash % sections.length);
        for (let left = sections.length; left > 0; left--) {
          const next = (await readBatchSections('a.md', text)).find((each) => each.isOpen);
          if (next === undefined) break;
          const [found] = await findBatchSections('a.md', text, next.name);
          const index = (await readBatchSections('a.md', text)).findIndex((each) => each.line === next.line);
          text = found?.filledWith(sections[index]?.[1] ?? '', 'lf') ?? '';
        }
        expect(text).toBe(render(sections.length));
      }),
      { numRuns: 500 },
    );
  });

  it('every section has a name that finds it alone', async () => {
    await fc.assert(
      fc.asyncProperty(documents, async ({ text }) => {
        for (const section of await readBatchSections('a.md', text))
          expect((await findBatchSections('a.md', text, section.name)).map((each) => each.line)).toEqual([section.line]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the language of a document', () => {
  const CONFIG = { '.ai/context/workflow-config.md': 'output_language: zh-CN\n' };
  const ENGLISH =
    'The orders are kept for ten years, and they are deleted by a nightly job. If the job fails, it is started again and the team is told.';

  it('is warned about, section by section, where it is not the one that was chosen', async () => {
    const root = await temporaryFolder();
    await addFiles(root, CONFIG);
    const call = await ready(root);
    await call('write_file', { path: 'docs/a.md', content: '# 设计\n\n## 存储\n\n[TBD]\n\n## 接口\n\n[TBD]\n' });
    const english = await call('write_file', { path: 'docs/a.md', section: '存储', content: ENGLISH });
    expect(english.isError).toBe(false);
    expect(english.structured.findings).toEqual([{ rule: 'workspace/output-language', severity: 'warning', line: 5 }]);
    expect(english.text).toContain('"存储" (line 5) is in English; the project\'s output_language is zh-CN. Write it in zh-CN.');
    const chinese =
      '接口由 `OrderService.list_orders()` 提供，参见 [The order of things](https://example.org)。\n\n```python\n# The orders of the day are listed by this call if it is made.\n```';
    expect((await call('write_file', { path: 'docs/a.md', section: '接口', content: chinese })).structured.findings).toEqual([]);
    expect((await call('check_batch_write', { path: 'docs/a.md' })).text).toContain('warning workspace/output-language: "存储"');
  });

  it('is warned about once where none was chosen', async () => {
    const root = await temporaryFolder();
    const call = await ready(root);
    const content = '# 设计\n\n订单数据保留十年，之后由夜间任务删除。\n\n## 接口\n\n接口返回全部订单。\n';
    const result = await call('write_file', { path: 'docs/a.md', content });
    expect(result.structured.findings).toHaveLength(1);
    expect(result.text).toContain('or set output_language in .ai/context/workflow-config.md');
  });
});
