import { STATUS_CODES } from 'node:http';
import type { Expression } from '../python/syntax.ts';
import type { ShapeReader, Site } from './shapes.ts';

/** `NOT_FOUND` -> 404: the members of Python's `http.HTTPStatus`. */
const NAMED = new Map(
  Object.entries(STATUS_CODES).map(([status, reason]) => [
    (reason ?? '')
      .toUpperCase()
      .replace(/'/g, '')
      .replace(/[^A-Z]+/g, '_'),
    Number(status),
  ]),
);
NAMED.set('UNPROCESSABLE_CONTENT', 422);
NAMED.set('REQUEST_ENTITY_TOO_LARGE', 413);

/** The status that a constant outside the project is, by its full name: `http.HTTPStatus.CREATED`, `fastapi.status.HTTP_201_CREATED`. */
export function statusNamed(name: string): number | undefined {
  const numbered = /\.HTTP_(\d{3})(_|$)/.exec(name)?.[1];
  if (numbered !== undefined) return Number(numbered);
  const member = /\.HTTPStatus\.([A-Z_]+)(\.value)?$/.exec(name)?.[1];
  return member === undefined ? undefined : NAMED.get(member);
}

/** The status that an expression gives: `201`, `status.HTTP_201_CREATED`, `HTTPStatus.CREATED`, or a constant of the project. */
export function statusOf(shapes: ShapeReader, site: Site, expression: Expression): number | undefined {
  const name = shapes.externalName(site, expression);
  if (name !== undefined) return statusNamed(name);
  if (expression.kind === 'attribute' && expression.name === 'value') return statusOf(shapes, site, expression.object);
  const variable = expression.kind === 'name' || expression.kind === 'attribute' ? shapes.variable(site, expression) : undefined;
  if (variable !== undefined && variable.value.kind !== 'name') return statusOf(shapes, variable, variable.value);
  const value = shapes.literalValue(site, expression);
  return typeof value === 'number' && value >= 100 && value < 600 ? value : undefined;
}
