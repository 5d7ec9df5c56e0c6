import type { Block, Heading, ListItem, Table, TextLine } from '../../documents/markdown.ts';
import { isOnlyMarker } from './endpoint-text.ts';
import { type Role, roleOf, splitLabel, statusesIn } from './labels.ts';
import type { Section } from './sections.ts';

/** How an endpoint, or a labelled part of one, stands in the document. */
export type EntryStyle = 'heading' | 'item' | 'line' | 'row';

/** A labelled part of an endpoint's entry. */
export interface Slot {
  readonly role: Role | undefined;
  readonly label: string;
  readonly style: EntryStyle;
  /** Where the label's line begins; the end of the slot's last line. */
  readonly start: number;
  readonly end: number;
  /** The text after the label, on its line. */
  readonly value: string;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly line: number;
  readonly content: readonly Block[];
  /** The end of the table that a row stands in; of other slots the end itself. */
  readonly outerEnd?: number;
}

/** A marker such as `[TBD]` that stands alone. */
export interface Marker {
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

/** The part of an endpoint that a heading announces. */
export function headingRole(heading: Heading | undefined): Role | undefined {
  if (heading === undefined) return undefined;
  const title = splitLabel(heading.text)?.title ?? heading.text;
  return roleOf(title) ?? roleOf(heading.text) ?? roleOfStatus(statusesIn(heading.text));
}

/** Roles whose list items may be parts with a label of their own. */
const COMPOUND = new Set<Role | undefined>(['request', 'summary', 'change', undefined]);

/** Sorts what stands in an endpoint's entry by its labels. */
export class SlotCollector {
  private readonly slots: { -readonly [K in keyof Slot]: Slot[K] }[] = [];
  private readonly markers: Marker[] = [];
  private readonly loose: Block[] = [];
  private current: { slot: { -readonly [K in keyof Slot]: Slot[K] }; content: Block[] } | undefined;

  constructor(blocks: readonly Block[], sections: readonly Section[]) {
    for (const block of blocks) this.add(block);
    for (const section of sections) this.addSection(section);
  }

  result(): { slots: readonly Slot[]; markers: readonly Marker[]; loose: readonly Block[] } {
    return { slots: this.slots, markers: this.markers, loose: this.loose };
  }

  private addSection(section: Section): void {
    const { heading } = section;
    this.current = undefined;
    if (heading === undefined) return;
    const label = splitLabel(heading.text);
    const role = headingRole(heading);
    if (role === undefined) {
      for (const block of section.body) this.add(block);
      for (const inner of section.sections) this.addSection(inner);
      return;
    }
    const content: Block[] = [];
    this.open(
      {
        role,
        label: heading.text,
        style: 'heading',
        start: heading.start,
        end: heading.end,
        value: label?.value ?? '',
        valueStart: heading.end - (label?.value.length ?? 0),
        valueEnd: heading.end,
        line: heading.line,
        content,
      },
      content,
    );
    for (const block of section.body) this.add(block);
    for (const inner of section.sections) this.addSection(inner);
  }

  private add(block: Block): void {
    if (block.kind === 'line') this.addLine(block);
    else if (block.kind === 'item') this.addItem(block);
    else if (block.kind === 'table' && this.current === undefined && this.addRoleRows(block)) return;
    else if (block.kind === 'code' && this.current === undefined && isOnlyMarker(block.value))
      this.markers.push({ start: block.start, end: block.end, line: block.line });
    else this.append(block);
  }

  private addLine(line: TextLine): void {
    const label = splitLabel(line.text);
    const role = label === undefined || label.isCode ? wholeRole(line.text) : labelRole(label.title, label.isBold);
    // A line of prose with a colon opens nothing where a slot is being filled.
    const opens =
      role !== undefined &&
      (label?.isBold === true ||
        label === undefined ||
        this.current === undefined ||
        COMPOUND.has(this.current.slot.role) ||
        label.value === '' ||
        roleOf(label.title) !== undefined);
    // Any other label in bold ends the part above it.
    if (opens || (label?.isBold === true && !label.isCode)) {
      const content: Block[] = [];
      const value = label?.value ?? '';
      this.open(
        {
          role,
          label: label?.title ?? line.text,
          style: 'line',
          start: line.start,
          end: line.end,
          value,
          valueStart: line.end - value.length,
          valueEnd: line.end,
          line: line.line,
          content,
        },
        content,
      );
      return;
    }
    if (this.current === undefined && isOnlyMarker(line.text)) this.markers.push({ start: line.start, end: line.end, line: line.line });
    else this.append(line);
  }

  private addItem(item: ListItem): void {
    const label = splitLabel(item.text);
    const role = label === undefined ? wholeRole(item.text) : label.isCode ? undefined : labelRole(label.title, true);
    const isInside = this.current !== undefined && (this.current.slot.style !== 'item' || this.current.slot.end < item.start);
    if (role !== undefined && (!isInside || COMPOUND.has(this.current?.slot.role))) {
      const value = label?.value ?? '';
      this.slots.push({
        role,
        label: label?.title ?? item.text,
        style: 'item',
        start: item.textStart,
        end: item.end,
        value,
        valueStart: item.textEnd - value.length,
        valueEnd: item.textEnd,
        line: item.line,
        content: item.blocks,
      });
      return;
    }
    if (this.current === undefined && isOnlyMarker(item.text) && item.blocks.length === 0) {
      this.markers.push({ start: item.start, end: item.end, line: item.line });
      return;
    }
    const hasRoles = item.blocks.some((block) => block.kind === 'item' && roleOf(splitLabel(block.text)?.title ?? '') !== undefined);
    if (this.current === undefined && hasRoles) for (const block of item.blocks) this.add(block);
    else this.append(item);
  }

  /** A table whose first column names the parts: `| Request | [TBD] |`. */
  private addRoleRows(table: Table): boolean {
    const rows = [...(table.header.length === 2 ? [{ cells: table.header, line: table.line }] : []), ...table.rows];
    const named = rows.filter((row) => row.cells.length === 2 && roleOf(row.cells[0]?.text ?? '') !== undefined);
    if (table.header.length !== 2 || named.length < 2) return false;
    for (const { cells, line } of named) {
      const [label, value] = cells;
      const role = roleOf(label?.text ?? '');
      if (label === undefined || value === undefined || role === undefined) continue;
      this.slots.push({
        role,
        label: label.text,
        style: 'row',
        start: value.start,
        end: value.end,
        value: value.text,
        valueStart: value.start,
        valueEnd: value.end,
        line,
        content: [],
        outerEnd: table.end,
      });
    }
    return true;
  }

  private append(block: Block): void {
    if (this.current === undefined) {
      this.loose.push(block);
      return;
    }
    this.current.content.push(block);
    this.current.slot.end = Math.max(this.current.slot.end, block.end);
  }

  private open(slot: Slot, content: Block[]): void {
    const own = { ...slot, content };
    this.slots.push(own);
    this.current = { slot: own, content };
  }
}

/** A bold or listed label that is a status, such as `**201 Created**`, announces a response or an error. */
function labelRole(title: string, isStrong: boolean): Role | undefined {
  const role = roleOf(title);
  if (role !== undefined || !isStrong) return role;
  return /^[`\s]*[1-5]\d\d\b/.test(title) ? roleOfStatus(statusesIn(title)) : undefined;
}

/** A line without a colon that is a label all the same: `**Errors**`, `Response 201`. */
function wholeRole(text: string): Role | undefined {
  const bold = /^(?:\*\*|__)(.+?)(?:\*\*|__)$/.exec(text)?.[1];
  return bold === undefined ? undefined : labelRole(bold, true);
}

function roleOfStatus(statuses: readonly number[]): Role | undefined {
  const [status] = statuses;
  if (status === undefined) return undefined;
  return status >= 400 ? 'errors' : 'response';
}
