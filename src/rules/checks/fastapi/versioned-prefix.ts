import { type ServedEndpoint, ServedPaths } from '../../../fastapi/served-paths.ts';
import { APPLICATIONS } from '../../../python/framework-classes.ts';
import type { Scope } from '../../../python/module-facts.ts';
import { argumentOf, type CallExpression, type Expression, keywordArgument } from '../../../python/syntax.ts';
import type { Check, RuleContext } from '../../context.ts';

const VERSION = /(^|\/)(v\d[\w.]*|\{[^{}]{0,100}version[^{}]{0,100}\})(\/|$)/i;
/** Paths that operators, browsers and protocols expect at a fixed place. */
const FIXED =
  /^\/?$|(^|\/)(health\w*|ready\w*|readiness|live\w*|liveness|ping|metrics|status|version|info|\.well-known|docs|redoc|openapi[\w.]*|favicon[\w.]*|robots[\w.]*|sitemap[\w.]*|static|webhooks?|oauth2?|callback)(\/|-|$)/i;

/** fastapi/versioned-prefix: endpoints that an application serves under a path without a version. */
export const versionedPrefix: Check = (context) => {
  if (!context.facts.imports.some((imported) => imported.level === 0 && imported.module.split('.')[0] === 'fastapi')) return;
  const routes = new ServedPaths(context.resolver, context.project);
  for (const { node, scope } of context.facts.calls) {
    if (node.func.kind !== 'attribute') continue;
    if (isHidden(node)) continue;
    const served = routes.includes
      .included(context.module, scope, node)
      .flatMap((include) => routes.endpointsOf(include.router, include.prefix))
      .filter(lacksVersion);
    const [first] = served;
    if (first === undefined || !isUnversionedRoot(context, routes, scope, node.func.object)) continue;
    const more = served.length > 1 ? ` and ${served.length - 1} more` : '';
    const router = argumentOf(node.args, 'router', 0) ?? node;
    context.report({
      span: node,
      message: `\`${context.source(router)}\` is served without a version: \`${first.method} ${first.path}\`${more}.`,
      fix: 'Include it under a versioned path, such as `prefix="/api/v1"`.',
    });
  }
  for (const owner of context.facts.functions) {
    for (const decorator of owner.node.decorators) {
      if (decorator.kind !== 'call' || decorator.func.kind !== 'attribute') continue;
      const application = routes.includes.routerOf(context.module, owner.definedIn, decorator.func.object);
      const own = application === undefined ? [] : routes.endpointsOf(application, '').filter((each) => each.call === decorator);
      const endpoint = own.find(lacksVersion);
      if (endpoint === undefined || isHidden(decorator) || givesPage(context, decorator)) continue;
      if (!isUnversionedRoot(context, routes, owner.definedIn, decorator.func.object)) continue;
      context.report({
        span: decorator,
        message: `Endpoint \`${owner.node.name}\` is served without a version: \`${endpoint.method} ${endpoint.path}\`.`,
        fix: 'Move it to a router below `api/v1/` that is included with `prefix="/api/v1"`.',
      });
    }
  }
};

function lacksVersion(endpoint: ServedEndpoint): boolean {
  const { path } = endpoint;
  return path !== undefined && endpoint.isDocumented && !VERSION.test(path) && !FIXED.test(path) && !/\.\w{2,5}$/.test(path);
}

/** An application that serves an API as it is: no pages, not mounted in another one, and without a root path. */
function isUnversionedRoot(context: RuleContext, routes: ServedPaths, scope: Scope, expression: Expression): boolean {
  const type = context.typeOf(scope, expression);
  if (type === undefined || !context.derivesFrom(type, APPLICATIONS)) return false;
  const application = routes.includes.routerOf(context.module, scope, expression);
  if (application === undefined) return true;
  const { args } = application.made;
  if (args.some((argument) => argument.keyword === 'root_path' || argument.value.kind === 'starred')) return false;
  return !routes.isServedAsPages(application) && !routes.isMounted(application);
}

function isHidden(call: CallExpression): boolean {
  return call.args.some((argument) => argument.keyword === 'include_in_schema' || argument.value.kind === 'starred');
}

function givesPage(context: RuleContext, call: CallExpression): boolean {
  const responseClass = keywordArgument(call.args, 'response_class');
  return responseClass !== undefined && /HTML|Redirect|File/.test(context.source(responseClass));
}
